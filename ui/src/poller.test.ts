import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PATIENCE, POLL_PERIOD, type Reading, startPolling } from "./poller";
import { aView } from "./samples";
import type { View } from "./source";

let readings: Reading[];
let stop: () => void;
const last = () => readings.at(-1);

beforeEach(() => {
  vi.useFakeTimers();
  readings = [];
  setHidden(false);
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("a visible page polls at once, and again a period after each answer", async () => {
  const backend = start(() => Promise.resolve(aView()));
  expect(backend.polls).toBe(1);
  await pass(POLL_PERIOD - 1);
  expect(backend.polls).toBe(1);
  await pass(1);
  expect(backend.polls).toBe(2);
  expect(last()).toEqual({ view: aView(), age: 0 });
});

test("a slow answer is waited for: there are never two polls in flight", async () => {
  const backend = start(() => answerIn(3 * POLL_PERIOD));
  await pass(3 * POLL_PERIOD - 1);
  expect(backend.polls).toBe(1);
  await pass(1);
  expect(backend.polls).toBe(1);
  await pass(POLL_PERIOD);
  expect(backend.polls).toBe(2);
  expect(backend.mostInFlight).toBe(1);
});

test("a hidden page asks nothing and holds no timer", async () => {
  setHidden(true);
  const backend = start(() => Promise.resolve(aView()));
  await pass(10 * POLL_PERIOD);
  expect(backend.polls).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("a page that is hidden stops polling", async () => {
  const backend = start(() => Promise.resolve(aView()));
  await pass(0);
  setHidden(true);
  await pass(10 * POLL_PERIOD);
  expect(backend.polls).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a page that is hidden while it waits for an answer does not ask again", async () => {
  const backend = start(() => answerIn(100));
  setHidden(true);
  await pass(10 * POLL_PERIOD);
  expect(backend.polls).toBe(1);
  expect(readings).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a page that is shown again polls at once", async () => {
  const backend = start(() => Promise.resolve(aView()));
  await pass(0);
  setHidden(true);
  await pass(60_000);
  setHidden(false);
  expect(backend.polls).toBe(2);
});

test("a page that flickers has one poll in flight and one rhythm", async () => {
  const backend = start(() => answerIn(100));
  for (let i = 0; i < 5; i++) {
    setHidden(true);
    setHidden(false);
  }
  expect(backend.polls).toBe(1);
  await pass(100 + POLL_PERIOD);
  expect(backend.polls).toBe(2);
  expect(backend.mostInFlight).toBe(1);
});

test("a poll that fails keeps the last view, says why and how old it is, and polling goes on", async () => {
  const answers = [
    () => Promise.resolve(aView({ queued: 3 })),
    refuse,
    refuse,
    () => Promise.resolve(aView()),
  ];
  const backend = start(() => (answers.shift() ?? refuse)());
  await pass(POLL_PERIOD);
  expect(last()).toEqual({ view: aView({ queued: 3 }), failure: "No.", age: POLL_PERIOD });
  await pass(POLL_PERIOD);
  expect(last()?.age).toBe(2 * POLL_PERIOD);
  await pass(POLL_PERIOD);
  expect(last()).toEqual({ view: aView(), age: 0 });
  expect(backend.polls).toBe(4);
});

test("a first poll that fails has no view", async () => {
  start(refuse);
  await pass(0);
  expect(last()).toEqual({ failure: "No.", age: 0 });
});

test("a poll without an answer is told as a failure, and is still the only one", async () => {
  const backend = start(() => answerIn(PATIENCE + 2_000));
  await pass(PATIENCE);
  expect(last()?.failure).toBe("Doorbell does not answer.");
  expect(backend.polls).toBe(1);
  await pass(2_000);
  expect(last()).toEqual({ view: aView(), age: 0 });
  expect(backend.mostInFlight).toBe(1);
});

test("what was stopped neither polls nor tells", async () => {
  const backend = start(() => answerIn(100));
  stop();
  setHidden(true);
  setHidden(false);
  await pass(10 * POLL_PERIOD);
  expect(backend.polls).toBe(1);
  expect(readings).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

function start(answer: () => Promise<View>) {
  const counts = { polls: 0, inFlight: 0, mostInFlight: 0 };
  const poll = async () => {
    counts.polls++;
    counts.mostInFlight = Math.max(counts.mostInFlight, ++counts.inFlight);
    try {
      return await answer();
    } finally {
      counts.inFlight--;
    }
  };
  stop = startPolling(poll, (reading) => readings.push(reading));
  return counts;
}

function refuse(): Promise<View> {
  return Promise.reject({ code: "no", message: "No." });
}

function answerIn(time: number): Promise<View> {
  return new Promise((resolve) => setTimeout(() => resolve(aView()), time));
}

function pass(time: number): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(time);
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
  document.dispatchEvent(new Event("visibilitychange"));
}
