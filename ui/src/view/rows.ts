/**
 * The rows of a list that lets its entries leave gracefully: a job that is gone keeps its row, in its place, until
 * the row is dropped.
 */
import type { Job } from "../bindings/Job";

export type Row = {
  job: Job;
  /** `entered`: joined a list that was there already. */
  phase: "present" | "entered" | "leaving";
};

/** The rows of a list that is shown for the first time. */
export function firstRows(jobs: Job[]): Row[] {
  return jobs.map((job) => ({ job, phase: "present" }));
}

/** The rows after `rows`, now that `jobs` run. */
export function nextRows(rows: Row[], jobs: Job[]): Row[] {
  const known = new Map(rows.map((row) => [row.job.id, row]));
  const running = new Set(jobs.map((job) => job.id));
  const next = jobs.map((job): Row => {
    const phase = known.get(job.id)?.phase;
    return { job, phase: phase === undefined || phase === "leaving" ? "entered" : phase };
  });
  rows.forEach((row, index) => {
    if (running.has(row.job.id)) return;
    const before = rows[index - 1]?.job.id;
    const place = next.findIndex((other) => other.job.id === before);
    next.splice(place + 1, 0, { job: row.job, phase: "leaving" });
  });
  return next;
}

/** The rows without the one that has left. */
export function dropRow(rows: Row[], id: Job["id"]): Row[] {
  return rows.filter((row) => row.job.id !== id || row.phase !== "leaving");
}
