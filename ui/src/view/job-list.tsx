import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Job } from "../bindings/Job";
import type { Timestamp } from "../bindings/Timestamp";
import { amount } from "../format/progress";
import { JobCard } from "./job-card";
import { dropRow, firstRows, nextRows, type Row } from "./rows";

/** How long a row takes to leave, in milliseconds. `--row-time` in job.css is the same. */
const LEAVE_TIME = 120;

type Props = {
  jobs: Job[];
  /** How many jobs run. The hub lists no more of thousands than fit an answer. */
  running: number;
  queued: number;
  at: Timestamp;
  /** Shown in place of the list when it has no rows. */
  children: ComponentChildren;
};

/** Running jobs, one card each; how many more run, and how many are queued, stands below. */
export function JobList({ jobs, running, queued, at, children }: Props) {
  const [rows, drop] = useRows(jobs);
  if (rows.length === 0) return <>{children}</>;
  const more = running - jobs.length;
  return (
    // The scrolling part must be reachable by keyboard, and nothing inside it takes focus.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll container without it cannot be scrolled by keys
    <section class="scroll" aria-label="Running jobs" tabIndex={0} onScroll={markScrolled}>
      {/* biome-ignore lint/a11y/noRedundantRoles: WebKit takes the role from a list that shows no bullets */}
      <ul role="list">
        {rows.map((row) => (
          <JobRow key={row.job.id} row={row} at={at} onLeft={drop} />
        ))}
      </ul>
      {more > 0 && (
        <p class="more" data-testid="more">
          and <span class="count">{amount(more)}</span> more
        </p>
      )}
      {queued > 0 && (
        <p class="queued" data-testid="queued">
          <span class="count">{queued}</span> queued
        </p>
      )}
    </section>
  );
}

function JobRow({ row, at, onLeft }: { row: Row; at: Timestamp; onLeft: (id: Job["id"]) => void }) {
  const leaving = row.phase === "leaving";
  const { id } = row.job;
  useEffect(() => {
    if (!leaving) return;
    const timer = setTimeout(() => onLeft(id), LEAVE_TIME);
    return () => clearTimeout(timer);
  }, [leaving, id]);
  return (
    <li class="row" data-phase={row.phase} aria-hidden={leaving || undefined}>
      <div class="row-clip">
        <JobCard job={row.job} at={at} testid={leaving ? undefined : "job"} />
      </div>
    </li>
  );
}

/** Lets the list be told apart from the header that it slides under. */
function markScrolled({ currentTarget }: TargetedEvent<HTMLElement>) {
  currentTarget.toggleAttribute("data-scrolled", currentTarget.scrollTop > 0);
}

function useRows(jobs: Job[]): [Row[], (id: Job["id"]) => void] {
  const rows = useRef<Row[]>(undefined);
  const [, redraw] = useState(0);
  rows.current = rows.current === undefined ? firstRows(jobs) : nextRows(rows.current, jobs);
  const drop = (id: Job["id"]) => {
    rows.current = dropRow(rows.current ?? [], id);
    redraw((n) => n + 1);
  };
  return [rows.current, drop];
}
