import { expect, test } from "vitest";
import { between, clock, duration, elapsed } from "./time";

const s = 1_000;
const min = 60 * s;
const h = 60 * min;

test.each([
  [0, "0:00"],
  [7 * s, "0:07"],
  [7 * s + 999, "0:07"],
  [4 * min + 12 * s, "4:12"],
  [59 * min + 59 * s, "59:59"],
  [h, "1 h"],
  [3 * h + 20 * min + 59 * s, "3 h 20 min"],
  [53 * h, "2 d 5 h"],
])("a job that has been running for %i ms says %s", (span, said) => {
  expect(elapsed(span)).toBe(said);
});

test.each([
  [0, "0 s"],
  [12 * s, "12 s"],
  [60 * s, "1 min"],
  [6 * min + 40 * s, "6 min"],
  [3 * h + 20 * min, "3 h 20 min"],
])("a span of %i ms is said as %s", (span, said) => {
  expect(duration(span)).toBe(said);
});

test("a clock that stepped back does not make time negative", () => {
  expect(between("2026-05-18T12:00:01Z", "2026-05-18T12:00:00Z")).toBe(0);
});

test("a timestamp that cannot be read makes no NaN", () => {
  expect(between("yesterday", "2026-05-18T12:00:00Z")).toBe(0);
});

test("a moment of today is a time, one of another day has its date", () => {
  const now = new Date(2026, 4, 18, 12, 0).toISOString();
  expect(clock(new Date(2026, 4, 18, 10, 44).toISOString(), now)).toBe("10:44");
  expect(clock(new Date(2026, 4, 18, 0, 5).toISOString(), now)).toBe("00:05");
  expect(clock(new Date(2026, 4, 17, 23, 30).toISOString(), now)).toBe("17 May 23:30");
});
