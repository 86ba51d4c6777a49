/** Time as people say it. All durations are in milliseconds. */
import type { Timestamp } from "../bindings/Timestamp";

const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From one moment to another; 0 when a clock stepped back or a timestamp cannot be read. */
export function between(from: Timestamp, to: Timestamp): number {
  const span = Date.parse(to) - Date.parse(from);
  return Number.isNaN(span) ? 0 : Math.max(0, span);
}

/** How long a job has been running: `0:07`, `4:12`, `3 h 20 min`. */
export function elapsed(span: number): string {
  if (span >= HOUR) return duration(span);
  const seconds = Math.floor((span % MINUTE) / SECOND);
  return `${Math.floor(span / MINUTE)}:${String(seconds).padStart(2, "0")}`;
}

/** A span in words: `12 s`, `6 min`, `3 h 20 min`, `2 d 5 h`. */
export function duration(span: number): string {
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return both(span, HOUR, "h", MINUTE, "min");
  return both(span, DAY, "d", HOUR, "h");
}

/** The time of day here, as in `10:44`; with its date when that is not the date of `now`. */
export function clock(moment: Timestamp, now: Timestamp): string {
  const at = new Date(moment);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

function both(span: number, large: number, largeName: string, small: number, smallName: string): string {
  const [whole, rest] = [Math.floor(span / large), Math.floor((span % large) / small)];
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}
