import { useRef } from "preact/hooks";
import type { Timestamp } from "../bindings/Timestamp";
import { percent } from "../format/progress";

/** How many reports take the segment of an unknown share from one end of the track to the other. */
const NOTCHES = 16;

/** Length of that segment, as a share of the track. `.bar[data-share="unknown"]` in job.css is the same. */
const SEGMENT = 0.32;

type Props = {
  /** The job's name. */
  label: string;
  /** The share that is done, 0 to 1, when it is known. */
  fraction: number | undefined;
  /** The share in the words that stand beside the bar. */
  said: string;
  /** When the job last reported. */
  reported: Timestamp | undefined;
};

/**
 * How far a job is. A bar of unknown share is a segment that moves a notch with each sample that brought news: it
 * walks while the job reports, and rests while the job is silent.
 */
export function Bar({ label, fraction, said, reported }: Props) {
  const notch = useNotch(reported);
  const rewinds = useFell(fraction);
  if (fraction === undefined) {
    return (
      <div
        class="bar"
        data-share="unknown"
        role="progressbar"
        aria-label={label}
        aria-valuetext={said || "share unknown"}
      >
        <div
          key="unknown"
          class="fill"
          style={{ transform: `translateX(${notch * (100 / SEGMENT - 100)}%)` }}
        />
      </div>
    );
  }
  const done = percent(fraction);
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={done}
      aria-valuetext={said || `${done} %`}
    >
      <div
        key="known"
        class="fill"
        data-motion={rewinds ? "none" : undefined}
        style={{ transform: `translateX(${(fraction - 1) * 100}%)` }}
      />
    </div>
  );
}

/** Where the segment stands, 0 to 1: there and back, a notch for each change of `reported`. */
function useNotch(reported: Timestamp | undefined): number {
  const seen = useRef({ reported, count: NOTCHES / 2 - 2 });
  if (seen.current.reported !== reported) seen.current = { reported, count: seen.current.count + 1 };
  const phase = seen.current.count % (2 * NOTCHES);
  return (phase <= NOTCHES ? phase : 2 * NOTCHES - phase) / NOTCHES;
}

/** Whether the share is less than the last one: a new phase, which must not look like a long rewind. */
function useFell(fraction: number | undefined): boolean {
  const last = useRef(fraction);
  const fell = fraction !== undefined && last.current !== undefined && fraction < last.current;
  last.current = fraction;
  return fell;
}
