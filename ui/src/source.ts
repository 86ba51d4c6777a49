/**
 * What the panel shows, out of the hub's own answers and of what only the app knows. The same in a browser and in the app's panel.
 *
 * - Figures are the hub's while it answers. When it does not, they are those that the app knew last, or that the page saw last.
 * - A list that has not changed costs no body.
 */
import { type Backend, type Response, refusalOf } from "./backend/backend";
import type { Connection } from "./bindings/Connection";
import type { RunningList } from "./bindings/RunningList";
import type { Standing } from "./bindings/Standing";

/** Everything that the panel draws. Durations are worked out from the timestamps and `now`, the hub's clock. */
export type View = Standing & Pick<RunningList, "jobs"> & { running: number; queued: number };

/** What the page draws, and what it can do. */
export interface Source {
  /** What the panel shows now. */
  poll(): Promise<View>;
  /** Queues the test job: a job like any other, of 8 steps in 30 s. */
  startTestJob(): Promise<void>;
  /** Closes the panel. Absent where there is nothing to close. */
  close?(): Promise<void>;
}

/** The last answer, and when it came. */
type Polled = { etag: string | undefined; list: RunningList; at: number };

export function sourceOf(backend: Backend): Source {
  let last: Polled | undefined;

  return {
    async poll() {
      let failure: unknown;
      let answered: Polled | undefined;
      try {
        answered = await readRunning(backend, last);
        last = answered;
      } catch (error) {
        failure = error;
        // Another hub may stand there next time.
        if (last !== undefined) last = { ...last, etag: undefined };
      }
      const standing = await backend.standing();
      if (answered !== undefined) return fresh(answered, standing);
      // Nobody knows of a hub that is away but this page.
      if (isKnown(standing.connection)) throw failure;
      return old((await backend.known?.()) ?? last?.list, last, standing);
    },

    async startTestJob() {
      const answer = await backend.request({ method: "POST", path: "/v1/test-jobs" });
      if (!isGood(answer)) throw refusalOf(answer);
    },

    ...(backend.close && { close: () => backend.close?.() ?? Promise.resolve() }),
  };
}

/** Whether figures are right: the hub tells each change, or is asked every few seconds. */
export function isKnown({ state }: Connection): boolean {
  return state === "live" || state === "polled";
}

async function readRunning(backend: Backend, last: Polled | undefined): Promise<Polled> {
  const headers: Record<string, string> = last?.etag === undefined ? {} : { "if-none-match": last.etag };
  const answer = await backend.request({ method: "GET", path: "/v1/jobs?state=running", headers });
  if (answer.status === 304 && last !== undefined) return last;
  if (!isGood(answer)) throw refusalOf(answer);
  return { etag: answer.headers.etag, list: JSON.parse(answer.body), at: Date.now() };
}

function isGood({ status }: Response): boolean {
  return status >= 200 && status < 300;
}

/** The hub has just answered: its clock goes on from when it sent the list. */
function fresh({ list, at }: Polled, standing: Standing): View {
  const now = new Date(Date.parse(list.now) + Date.now() - at).toISOString();
  return { ...standing, ...figures(list), now, updated_at: now };
}

function old(
  known: Pick<RunningList, "counts" | "jobs"> | undefined,
  last: Polled | undefined,
  standing: Standing,
): View {
  const updated_at = standing.updated_at ?? last?.list.now;
  const view = { ...standing, ...(known ? figures(known) : { running: 0, queued: 0, jobs: [] }) };
  return updated_at === undefined ? view : { ...view, updated_at };
}

function figures({
  counts,
  jobs,
}: Pick<RunningList, "counts" | "jobs">): Pick<View, "running" | "queued" | "jobs"> {
  return { running: counts.running, queued: counts.queued, jobs };
}
