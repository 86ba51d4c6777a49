/**
 * Asks for the panel's view, while somebody can see the page.
 *
 * - Never two polls at once: the next one is scheduled when the last one is answered.
 * - A hidden page has no timer and asks nothing.
 * - A failed poll keeps the last view, and polling goes on.
 */
import { messageOf } from "./backend/backend";
import type { View } from "./source";

/** From an answer to the next question, in milliseconds. */
export const POLL_PERIOD = 500;

/** A poll that has no answer for so long counts as failed, in milliseconds. */
export const PATIENCE = 5_000;

/** What the page knows of the app. */
export type Reading = {
  /** The last answer. Absent before the first. */
  view?: View;
  /** Why the latest poll brought none, in one sentence. */
  failure?: string;
  /** How old the last answer is, in milliseconds. */
  age: number;
};

/** Polls until the returned function is called. */
export function startPolling(poll: () => Promise<View>, onReading: (reading: Reading) => void): () => void {
  let view: View | undefined;
  let answeredAt = Date.now();
  let asking = false;
  let stopped = false;
  let nextPoll: ReturnType<typeof setTimeout> | undefined;
  let patience: ReturnType<typeof setInterval> | undefined;

  const fail = (failure: string) => {
    const age = Date.now() - answeredAt;
    onReading(view === undefined ? { failure, age } : { view, failure, age });
  };

  const rest = () => {
    clearTimeout(nextPoll);
    clearInterval(patience);
  };

  const ask = async () => {
    asking = true;
    try {
      const answer = await poll();
      if (stopped) return;
      view = answer;
      answeredAt = Date.now();
      onReading({ view, age: 0 });
    } catch (rejection) {
      if (stopped) return;
      fail(messageOf(rejection));
    } finally {
      asking = false;
      rest();
      if (!stopped && !document.hidden) nextPoll = setTimeout(askPatiently, POLL_PERIOD);
    }
  };

  const askPatiently = () => {
    patience = setInterval(() => fail("Doorbell does not answer."), PATIENCE);
    if (!asking) void ask();
  };

  const onVisibility = () => {
    rest();
    if (!document.hidden) askPatiently();
  };

  document.addEventListener("visibilitychange", onVisibility);
  onVisibility();

  return () => {
    stopped = true;
    rest();
    document.removeEventListener("visibilitychange", onVisibility);
  };
}
