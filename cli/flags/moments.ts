// Points in time and in the log, as they are typed: 1234 (a sequence), 10m (ago), 2026-01-31T12:00:00Z. Pure.
import { nanosToMs, parseDuration } from '@muster/model';
import { usageError } from '../errors.ts';

/** A sequence of the log, or ms since the epoch. */
export type Moment = { readonly seq: number } | { readonly time: number };

export function parseMoment(text: string, now: number): Moment {
  const digits = /^#?(\d+)$/.exec(text)?.[1];
  if (digits !== undefined && Number.isSafeInteger(Number(digits))) return { seq: Number(digits) };
  const time = readTime(text, now);
  // Neither is it one that no calendar has.
  if (!Number.isNaN(new Date(time).getTime())) return { time };
  throw usageError(
    `"${text}" is no point in time: write a sequence (1234), a duration (10m, for ten minutes ago) or a time (2026-01-31T12:00:00Z)`,
  );
}

function readTime(text: string, now: number): number {
  const nanos = parseDuration(text);
  if (nanos !== undefined) return now - nanosToMs(nanos);
  return /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
}
