/** What the panel says, worked out of a reading. Pure: no clock, no page. */
import type { Timestamp } from "./bindings/Timestamp";
import { between, clock, duration } from "./format/time";
import type { Reading } from "./poller";
import { isKnown, type View } from "./source";

/** The footer's words. */
export type Standing = {
  mark: "connecting" | "live" | "offline" | "refused";
  words: string;
  /** More about it, for who points at it. */
  detail?: string;
  /** How old the figures are, when they are old. */
  updated?: string;
};

/** Whether the figures may be old. Before the first answer there are none, so none are stale. */
export function isStale({ view, failure }: Reading): boolean {
  return failure !== undefined || (view !== undefined && !isKnown(view.connection));
}

/** The moment that the figures tell of: times stand still with the figures that they belong to. */
export function figuresAt(view: View): Timestamp {
  return isKnown(view.connection) ? view.now : (view.updated_at ?? view.now);
}

/** How the app stands with its hub, and the page with its app. Nothing before the first poll ends. */
export function standing(reading: Reading): Standing | undefined {
  const { view, failure } = reading;
  if (failure !== undefined) return { mark: "offline", words: failure, ...age(reading) };
  if (view === undefined) return undefined;
  const connection = view.connection;
  switch (connection.state) {
    case "connecting":
      return { mark: "connecting", words: "Connecting…" };
    case "live":
      return { mark: "live", words: "Live" };
    case "offline":
      return {
        mark: "offline",
        words: `Offline since ${clock(connection.since, view.now)} · retrying`,
        detail: connection.reason,
        ...age(reading),
      };
    case "polled":
      return { mark: "connecting", words: "Asking every few seconds", detail: connection.reason };
    case "refused":
      return { mark: "refused", words: connection.reason, ...age(reading) };
  }
}

/** What stands in for jobs when nobody can know which run. */
export type Unknown = { title: string; reason?: string; advice: string };

/** Why it cannot be known what runs, and what to do. Absent when the hub is live, or has not been asked yet. */
export function unknown({ view, failure }: Reading): Unknown | undefined {
  const title = "Can’t tell what is running";
  if (failure !== undefined) {
    const advice = "The panel keeps asking. If this lasts, quit Doorbell and start it again.";
    return { title, advice };
  }
  switch (view?.connection.state) {
    case "connecting":
      return { title: "Looking for the hub", advice: "What runs is shown here as soon as the hub answers." };
    case "offline": {
      const advice =
        "Jobs go on without the hub, and Doorbell keeps trying. If this lasts, check that the hub runs.";
      return { title, reason: view.connection.reason, advice };
    }
    case "refused":
      return { title, advice: "The hub does not let Doorbell in. The line below says what to do." };
    default:
      return undefined;
  }
}

function age({ view, age }: Reading): { updated?: string } {
  if (view?.updated_at === undefined) return {};
  const span = between(view.updated_at, view.now) + age;
  return { updated: span < 1_000 ? "updated just now" : `updated ${duration(span)} ago` };
}
