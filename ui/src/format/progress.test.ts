import { expect, test } from "vitest";
import type { Progress } from "../bindings/Progress";
import { ago } from "../samples";
import { doing, figure, percent, share, silence } from "./progress";

test.each<[string, Progress | undefined, string]>([
  ["no report", undefined, ""],
  ["only words", { message: "Linking" }, ""],
  ["a count and its total", { done: 25, total: 43, unit: "files", fraction: 0.58 }, "25 / 43 files"],
  ["a count without a unit", { done: 214, total: 521 }, "214 / 521"],
  ["large counts", { done: 2_184_330, total: 10_000_000, unit: "rows" }, "2,184,330 / 10,000,000 rows"],
  ["only a share", { fraction: 0.58 }, "58 %"],
  ["a share and a count without total", { fraction: 0.5, done: 12 }, "50 %"],
  ["only a count", { done: 1204, unit: "rows" }, "1,204 rows"],
  ["an empty unit", { done: 3, unit: "" }, "3"],
])("with %s the figure is right", (_, progress, said) => {
  expect(figure(progress)).toBe(said);
});

test.each([
  [0, 0],
  [0.29, 29],
  [0.58, 58],
  [0.999, 99],
  [1, 100],
])("a share of %f is %i per cent", (fraction, said) => {
  expect(percent(fraction)).toBe(said);
});

test.each<[number | undefined, number | undefined]>([
  [undefined, undefined],
  [Number.NaN, undefined],
  [-0.2, 0],
  [1.7, 1],
  [0.4, 0.4],
])("a fraction of %s is the share %s", (fraction, known) => {
  expect(share(fraction === undefined ? {} : { fraction })).toBe(known);
});

test.each<[string, Progress | undefined, string]>([
  ["no report", undefined, ""],
  ["a message", { message: "Compiling webkit2gtk-sys" }, "Compiling webkit2gtk-sys"],
  ["a step", { step: { index: 3, count: 8 } }, "Step 3 of 8"],
  [
    "a step with a label",
    { step: { index: 3, count: 8, label: "Scanning tables" } },
    "Step 3 of 8 · Scanning tables",
  ],
  ["a step and a message", { step: { index: 1, count: 2 }, message: "orders" }, "Step 1 of 2 · orders"],
  [
    "a label and a message",
    { step: { index: 1, count: 2, label: "Scan" }, message: "orders" },
    "Step 1 of 2 · Scan · orders",
  ],
  [
    "a message that repeats the label",
    { step: { index: 1, count: 2, label: "Scan" }, message: "Scan" },
    "Step 1 of 2 · Scan",
  ],
])("with %s it says what the job does", (_, progress, said) => {
  expect(doing(progress)).toBe(said);
});

test("a job that reported within the last minute is not silent", () => {
  expect(silence({ at: ago(60) }, ago(0))).toBeUndefined();
  expect(silence(undefined, ago(0))).toBeUndefined();
  expect(silence({ message: "no time" }, ago(0))).toBeUndefined();
});

test("a job that has not reported for over a minute says for how long", () => {
  expect(silence({ at: ago(61) }, ago(0))).toBe("no output for 1 min");
  expect(silence({ at: ago(6 * 60 + 30) }, ago(0))).toBe("no output for 6 min");
});
