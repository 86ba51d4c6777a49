import { useEffect, useState } from "preact/hooks";
import type { Backend } from "./backend/backend";
import { figuresAt, isStale, standing, unknown } from "./panel";
import { type Reading, startPolling } from "./poller";
import { CannotTell } from "./view/cannot-tell";
import { Empty } from "./view/empty";
import { Footer } from "./view/footer";
import { Header } from "./view/header";
import { JobList } from "./view/job-list";

/** The whole panel: it polls while it is mounted and the page is visible. */
export function App({ backend }: { backend: Backend }) {
  const [reading, setReading] = useState<Reading>({ age: 0 });

  useEffect(() => startPolling(() => backend.poll(), setReading), [backend]);

  // A panel that could not be closed is still there to see: that is message enough.
  const close = backend.close && (() => void backend.close?.().catch(() => undefined));
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.isComposing) close?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [backend]);

  const { view } = reading;
  const unknowable = unknown(reading);
  return (
    <div class="panel" data-stale={isStale(reading) || undefined}>
      <Header running={view?.running ?? 0} {...(close && { onClose: close })} />
      <main>
        {view === undefined ? (
          unknowable && <CannotTell {...unknowable} />
        ) : (
          <JobList jobs={view.jobs} running={view.running} queued={view.queued} at={figuresAt(view)}>
            {unknowable ? (
              <CannotTell {...unknowable} />
            ) : (
              <Empty queued={view.queued} onTest={() => backend.startTestJob()} />
            )}
          </JobList>
        )}
      </main>
      {view?.notice && (
        <p class="notice" dir="auto" data-testid="notice">
          {view.notice}
        </p>
      )}
      <Footer standing={standing(reading)} />
    </div>
  );
}
