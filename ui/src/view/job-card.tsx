import type { Job } from "../bindings/Job";
import type { Timestamp } from "../bindings/Timestamp";
import { doing, figure, share, silence } from "../format/progress";
import { between, elapsed } from "../format/time";
import { Bar } from "./bar";

/** One running job, in three lines: name and time; bar; what it does now and how far it is. */
export function JobCard({ job, at, testid }: { job: Job; at: Timestamp; testid: string | undefined }) {
  const { name, progress } = job;
  const running = between(job.started_at ?? job.created_at, at);
  const does = doing(progress) || (progress === undefined ? "No progress reported yet" : "");
  const silent = silence(progress, at);
  const said = figure(progress);
  return (
    <article class="job" data-testid={testid}>
      <div class="line">
        <h2 class="name" dir="auto" title={name} data-testid="job-name">
          {name}
        </h2>
        <span class="figure" data-testid="job-time">
          {elapsed(running)}
        </span>
      </div>
      <Bar label={name} fraction={share(progress)} said={said} reported={progress?.at} />
      <div class="line">
        <p class="doing">
          {does && (
            <span class="message" dir="auto" title={does} data-testid="job-message">
              {does}
            </span>
          )}
          {silent && (
            <span class="silence" data-testid="job-silence">
              {does && " · "}
              {silent}
            </span>
          )}
        </p>
        <span class="figure" title={said || undefined} data-testid="job-figure">
          {said}
        </span>
      </div>
    </article>
  );
}
