import { useState } from "preact/hooks";
import { messageOf } from "../backend/backend";
import { Bell } from "./bell";
import { Command } from "./command";

type Props = {
  queued: number;
  /** What is typed for the command. */
  command: string;
  onTest: () => Promise<void>;
};

/** A live hub without a running job: one sentence, and the one command that changes it. */
export function Empty({ queued, command, onTest }: Props) {
  return (
    <section class="empty" data-testid="empty">
      <Bell />
      <p>Nothing is running. Start a job in any terminal:</p>
      <Command text={`${command} run -- make`} />
      <TestJob onTest={onTest} />
      {queued > 0 && (
        <p class="queued" data-testid="queued">
          <span class="count">{queued}</span> queued
        </p>
      )}
    </section>
  );
}

function TestJob({ onTest }: { onTest: () => Promise<void> }) {
  const [starting, setStarting] = useState(false);
  const [failure, setFailure] = useState<string>();
  const start = async () => {
    if (starting) return;
    setStarting(true);
    setFailure(undefined);
    try {
      await onTest();
    } catch (rejection) {
      setFailure(messageOf(rejection));
    } finally {
      setStarting(false);
    }
  };
  return (
    <>
      <button type="button" class="quiet-button" aria-disabled={starting || undefined} onClick={start}>
        Run a test job
      </button>
      <p class="failure" role="alert" dir="auto">
        {failure}
      </p>
    </>
  );
}
