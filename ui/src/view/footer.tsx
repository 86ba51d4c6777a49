import type { Standing } from "../panel";

/** The truth about the connection, in words. The mark says it again, by shape and colour. */
export function Footer({ standing }: { standing: Standing | undefined }) {
  return (
    <footer data-mark={standing?.mark}>
      {standing && <Mark of={standing.mark} />}
      <p class="connection" role="status" dir="auto" title={standing?.detail} data-testid="connection">
        {standing?.words}
      </p>
      {standing?.updated && (
        <span class="updated" data-testid="updated">
          {standing.updated}
        </span>
      )}
    </footer>
  );
}

function Mark({ of }: { of: Standing["mark"] }) {
  return (
    <svg class="mark" viewBox="0 0 10 10" aria-hidden="true">
      {of === "live" && <circle class="solid" cx="5" cy="5" r="4" />}
      {of === "connecting" && <circle class="line" cx="5" cy="5" r="3.25" />}
      {of === "offline" && (
        <>
          <circle class="line" cx="5" cy="5" r="3.25" />
          <path class="solid" d="M5 1.75a3.25 3.25 0 0 0 0 6.5z" />
        </>
      )}
      {of === "refused" && <path class="line" d="M2 2 8 8M8 2 2 8" />}
    </svg>
  );
}
