import { useEffect, useState } from "preact/hooks";
import { figuresAt, isStale, standing, unknown } from "./panel";
import { type Reading, startPolling } from "./poller";
import type { Source } from "./source";
import { CannotTell } from "./view/cannot-tell";
import { Empty } from "./view/empty";
import { Footer } from "./view/footer";
import { Header } from "./view/header";
import { JobList } from "./view/job-list";

/** The whole panel: it polls while it is mounted and the page is visible. */
export function App({ source }: { source: Source }) {
  const [reading, setReading] = useState<Reading>({ age: 0 });

  useEffect(() => startPolling(() => source.poll(), setReading), [source]);

  // A panel that could not be closed is still there to see: that is message enough.
  const close = source.close && (() => void source.close?.().catch(() => undefined));
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.isComposing) close?.();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [source]);

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
              <Empty
                queued={view.queued}
                command={view.command ?? "doorbell"}
                onTest={() => source.startTestJob()}
              />
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
