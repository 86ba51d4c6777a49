import { expect, test } from "vitest";
import type { Connection } from "./bindings/Connection";
import { figuresAt, isStale, standing, unknown } from "./panel";
import { ago, aView } from "./samples";

const offline: Connection = { state: "offline", since: ago(12), reason: "The hub does not answer." };
const refused: Connection = { state: "refused", reason: "The hub refuses the token. Set a new one." };
const seen = (connection: Connection, updated = 12) => ({
  view: aView({ connection, updated_at: ago(updated) }),
  age: 0,
});

test("before the first answer nothing is said, and nothing is stale", () => {
  expect(standing({ age: 0 })).toBeUndefined();
  expect(unknown({ age: 0 })).toBeUndefined();
  expect(isStale({ age: 0 })).toBe(false);
});

test("a live hub is live, and no more words", () => {
  expect(standing(seen({ state: "live" }))).toEqual({ mark: "live", words: "Live" });
  expect(unknown(seen({ state: "live" }))).toBeUndefined();
});

test("an offline hub says since when, why, and how old the figures are", () => {
  expect(standing(seen(offline))).toEqual({
    mark: "offline",
    words: expect.stringMatching(/^Offline since \d\d:\d\d · retrying$/),
    detail: "The hub does not answer.",
    updated: "updated 12 s ago",
  });
});

test("a hub that only answers polls is right, and says that it is polled", () => {
  const polled = { state: "polled", since: ago(30), reason: "A proxy holds the feed back." } as const;
  expect(standing(seen(polled))).toEqual({
    mark: "connecting",
    words: "Asking every few seconds",
    detail: "A proxy holds the feed back.",
  });
  expect(isStale(seen(polled))).toBe(false);
  expect(figuresAt(aView({ connection: polled, updated_at: ago(2) }))).toBe(ago(0));
});

test("a refusal says its reason", () => {
  expect(standing(seen(refused, 360))).toEqual({
    mark: "refused",
    words: "The hub refuses the token. Set a new one.",
    updated: "updated 6 min ago",
  });
});

test("an app that was never live has no age to tell", () => {
  const { updated_at: _, ...view } = aView({ connection: { state: "connecting" } });
  expect(standing({ view, age: 0 })).toEqual({ mark: "connecting", words: "Connecting…" });
});

test("while polls fail the age goes on from the last answer", () => {
  const reading = { view: aView(), failure: "Doorbell did not answer.", age: 4_000 };
  expect(standing(reading)).toEqual({
    mark: "offline",
    words: "Doorbell did not answer.",
    updated: "updated 4 s ago",
  });
});

test("figures are stale whenever the hub is not live, or the poll failed", () => {
  expect(isStale(seen({ state: "live" }))).toBe(false);
  expect(isStale(seen({ state: "connecting" }))).toBe(true);
  expect(isStale(seen(offline))).toBe(true);
  expect(isStale(seen(refused))).toBe(true);
  expect(isStale({ view: aView(), failure: "No.", age: 500 })).toBe(true);
});

test("the times of stale jobs stand still at the moment that was true", () => {
  expect(figuresAt(aView())).toBe(ago(0));
  expect(figuresAt(aView({ connection: offline, updated_at: ago(12) }))).toBe(ago(12));
});

test.each<[string, Connection]>([
  ["connecting", { state: "connecting" }],
  ["offline", offline],
  ["refused", refused],
])("when %s and no job is known, it says that it cannot know, and what to do", (_, connection) => {
  const said = unknown(seen(connection));
  expect(said?.title).toMatch(/Can’t tell|Looking/);
  expect(said?.advice).not.toBe("");
});
