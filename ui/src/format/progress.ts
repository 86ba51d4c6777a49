/** How far a job is, in words and figures. */
import type { Progress } from "../bindings/Progress";
import type { Timestamp } from "../bindings/Timestamp";
import { between, duration, MINUTE } from "./time";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A figure as people write it: `12`, `2,184,330`. */
export function amount(figure: number): string {
  return number.format(figure);
}

/** The share that is done, from 0 to 1; `undefined` when nobody knows. */
export function share(progress: Progress | undefined): number | undefined {
  const fraction = progress?.fraction;
  if (fraction === undefined || !Number.isFinite(fraction)) return undefined;
  return Math.min(1, Math.max(0, fraction));
}

/** A share as whole per cent, never more than what is done. */
export function percent(fraction: number): number {
  // The small term undoes binary rounding: 0.58 * 100 is 57.99….
  return Math.floor(fraction * 100 + 1e-9);
}

/** The figure at the right edge: `25 / 43 files`, `1,204 rows`, `58 %`, or nothing. */
export function figure(progress: Progress | undefined): string {
  const { done, total, unit } = progress ?? {};
  const units = unit === undefined || unit === "" ? "" : ` ${unit}`;
  if (done !== undefined && total !== undefined) return `${amount(done)} / ${amount(total)}${units}`;
  const fraction = share(progress);
  if (fraction !== undefined) return `${percent(fraction)} %`;
  return done === undefined ? "" : `${amount(done)}${units}`;
}

/** What a job does now: `Step 3 of 8 · Scanning tables`. */
export function doing(progress: Progress | undefined): string {
  const { step, message } = progress ?? {};
  const parts = new Set<string>();
  if (step !== undefined) {
    parts.add(`Step ${step.index} of ${step.count}`);
    if (step.label) parts.add(step.label);
  }
  if (message) parts.add(message);
  return [...parts].join(" · ");
}

/** `no output for 6 min`, once a job that reports has not done so for over a minute. */
export function silence(progress: Progress | undefined, now: Timestamp): string | undefined {
  if (progress?.at === undefined) return undefined;
  const span = between(progress.at, now);
  return span > MINUTE ? `no output for ${duration(span)}` : undefined;
}
