/** Builders of jobs and views, for tests and for the gallery. */
import type { Job } from "./bindings/Job";
import type { Timestamp } from "./bindings/Timestamp";
import type { View } from "./source";

const NOON = Date.UTC(2026, 4, 18, 12, 0, 0);

/** A moment `seconds` before the sample views' `now`. */
export function ago(seconds: number): Timestamp {
  return new Date(NOON - seconds * 1000).toISOString();
}

/** A running job that started a minute ago; its id is its name. */
export function aJob(name: string, parts: Partial<Job> = {}): Job {
  return {
    id: name,
    key: name,
    name,
    state: "running",
    created_at: ago(60),
    started_at: ago(60),
    attempt: 1,
    ...parts,
  };
}

/** A live view with nothing in it but `parts`; as many jobs run as it lists. */
export function aView(parts: Partial<View> = {}): View {
  const jobs = parts.jobs ?? [];
  const figures = { running: jobs.length, jobs, queued: 0 };
  return { connection: { state: "live" }, now: ago(0), updated_at: ago(0), ...figures, ...parts };
}
