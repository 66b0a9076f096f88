// Points in time and in the log, as they are typed: 1234 (a sequence), 10m (ago), 2026-01-31T12:00:00Z. Pure.
import { nanosToMs, parseDuration } from '@muster/model';
import { usageError } from '../errors.ts';

/** A sequence of the log, or ms since the epoch. */
export type Moment = { readonly seq: number } | { readonly time: number };

export function parseMoment(text: string, now: number): Moment {
  const digits = /^#?(\d+)$/.exec(text)?.[1];
  if (digits !== undefined) return { seq: Number(digits) };
  const nanos = parseDuration(text);
  if (nanos !== undefined) return { time: now - nanosToMs(nanos) };
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return { time };
  throw usageError(
    `"${text}" is no point in time: write a sequence (1234), a duration (10m, for ten minutes ago) or a time (2026-01-31T12:00:00Z)`,
  );
}
