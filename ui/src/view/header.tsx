import { amount } from "../format/progress";

/** The panel's title, how many jobs run, and the way out where there is one. */
export function Header({ running, onClose }: { running: number; onClose?: () => void }) {
  return (
    <header>
      <h1>
        Running
        {running > 0 && (
          <>
            {" "}
            <span class="count">{amount(running)}</span>
          </>
        )}
      </h1>
      {onClose && (
        <button type="button" class="close" aria-label="Close panel" title="Close (Esc)" onClick={onClose}>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="M2 2 10 10M10 2 2 10" />
          </svg>
        </button>
      )}
    </header>
  );
}
