import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Backend, Request, Response } from "./backend/backend";
import type { Connection } from "./bindings/Connection";
import type { Job } from "./bindings/Job";
import type { RunningList } from "./bindings/RunningList";
import type { Standing } from "./bindings/Standing";
import { ago, aJob } from "./samples";
import { sourceOf } from "./source";

const HERE = Date.UTC(2031, 0, 1);
const offline: Connection = { state: "offline", since: ago(12), reason: "It sleeps." };
const away = { code: "hub", message: "The hub does not answer." };

beforeEach(() => {
  vi.useFakeTimers({ now: HERE });
});

afterEach(() => {
  vi.useRealTimers();
});

test("figures are the hub's, and the rest is the app's", async () => {
  const { source, requests } = backendOf({
    answers: [listed([aJob("make")], '"1"')],
    standing: { notice: "No bell here.", updated_at: ago(99) },
  });
  expect(await source.poll()).toEqual({
    connection: { state: "live" },
    now: ago(0),
    updated_at: ago(0),
    notice: "No bell here.",
    running: 1,
    queued: 2,
    jobs: [aJob("make")],
  });
  expect(requests).toEqual([{ method: "GET", path: "/v1/jobs?state=running", headers: {} }]);
});

test("a list that has not changed costs no body, and its clock goes on", async () => {
  const { source, requests } = backendOf({ answers: [listed([aJob("make")], '"1"'), unchanged] });
  await source.poll();
  vi.advanceTimersByTime(3_000);
  const view = await source.poll();
  expect(requests[1]?.headers).toEqual({ "if-none-match": '"1"' });
  expect([view.jobs.length, view.now, view.updated_at]).toEqual([1, ago(-3), ago(-3)]);
});

test("of a hub that does not answer, what the app knew last is shown", async () => {
  const known = { counts: { queued: 4, running: 3, waiting: 0 }, jobs: [aJob("ingest")] };
  const standing = { connection: offline, updated_at: ago(12) };
  const { source } = backendOf({ answers: [away], standing, known });
  expect(await source.poll()).toMatchObject({
    ...standing,
    now: ago(0),
    running: 3,
    queued: 4,
    jobs: known.jobs,
  });
});

test("a page that nobody else looks for shows what it saw last", async () => {
  const connection: Connection = { state: "refused", reason: "Ask for a new link." };
  const { source, stand } = backendOf({ answers: [listed([aJob("make")], '"1"'), away, away] });
  await source.poll();
  stand({ connection });
  expect(await source.poll()).toMatchObject({
    connection,
    updated_at: ago(0),
    running: 1,
    jobs: [aJob("make")],
  });
  const first = backendOf({ answers: [away], standing: { connection } });
  expect(await first.source.poll()).toEqual({ connection, now: ago(0), running: 0, queued: 0, jobs: [] });
});

test("a failure that nobody else knows of is the page's to tell", async () => {
  const { source } = backendOf({ answers: [away] });
  await expect(source.poll()).rejects.toEqual(away);
});

test("after a failure the whole list is asked for", async () => {
  const { source, requests } = backendOf({ answers: [listed([], '"1"'), away, listed([], '"1"')] });
  await source.poll();
  await expect(source.poll()).rejects.toEqual(away);
  await source.poll();
  expect(requests.map(({ headers }) => headers)).toEqual([{}, { "if-none-match": '"1"' }, {}]);
});

test("what the hub refuses is told in its words", async () => {
  const refusal = { code: "invalid", message: "There is no worker." };
  const refused: Response = { status: 409, headers: {}, body: JSON.stringify({ error: refusal }) };
  const { source, requests } = backendOf({ answers: [refused, { ...refused, body: "<html>" }] });
  await expect(source.startTestJob()).rejects.toEqual(refusal);
  await expect(source.startTestJob()).rejects.toMatchObject({ message: "The hub answered with 409." });
  expect(requests[0]).toEqual({ method: "POST", path: "/v1/test-jobs" });
});

test("only what can be closed has a way out", () => {
  expect(backendOf({ answers: [] }).source.close).toBeUndefined();
  const close = vi.fn(() => Promise.resolve());
  void sourceOf({ ...backendOf({ answers: [] }).backend, close }).close?.();
  expect(close).toHaveBeenCalledTimes(1);
});

const unchanged: Response = { status: 304, headers: {}, body: "" };

function listed(jobs: Job[], etag: string): Response {
  const counts = { running: jobs.length, queued: 2, waiting: 0 };
  const list: RunningList = { epoch: "7", seq: 1, now: ago(0), counts, jobs };
  return { status: 200, headers: { etag }, body: JSON.stringify(list) };
}

type World = {
  /** What each request brings, in turn; a refusal is rejected. */
  answers: (Response | { code: string; message: string })[];
  standing?: Partial<Standing>;
  known?: Awaited<ReturnType<NonNullable<Backend["known"]>>>;
};

function backendOf({ answers, standing = {}, known }: World) {
  const requests: Request[] = [];
  let stands = standing;
  const backend: Backend = {
    async request(request) {
      requests.push(request);
      const answer = answers.shift();
      if (answer === undefined || "code" in answer) throw answer;
      return answer;
    },
    subscribe: () => () => undefined,
    standing: async () => ({ connection: { state: "live" }, now: ago(0), ...stands }),
    ...(known && { known: async () => known }),
  };
  const stand = (parts: Partial<Standing>) => {
    stands = parts;
  };
  return { backend, source: sourceOf(backend), requests, stand };
}
