import type { Unknown } from "../panel";

/** No jobs to show, and no way to know whether there are any. */
export function CannotTell({ title, reason, advice }: Unknown) {
  return (
    <section class="empty" data-testid="cannot-tell">
      <h2>{title}</h2>
      {reason && (
        <p class="reason" dir="auto">
          {reason}
        </p>
      )}
      <p class="advice">{advice}</p>
    </section>
  );
}
