// Durations as Docker has them: integer nanoseconds in JSON, Go's notation ("1m30s", "500ms") for people.
import { ownValue } from '../stored/own-keys.ts';

const NANOS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  // As it may be typed: the micro sign, and the Greek letter.
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** What a JSON number holds to the nanosecond: 104 days. Go's own limit is 292 years. */
export const LONGEST_DURATION = '2501h59m59s';

/** Nanoseconds of a Go duration string, or undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text);
  if (!match) return text === '0' ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * ownValue(NANOS, unit!)!;
  }
  return Math.round(match[1] === '-' ? -total : total);
}

/** Go's notation for nanoseconds, as `docker service inspect --pretty` prints it. */
export function formatDuration(nanos: number): string {
  if (nanos === 0) return '0s';
  const sign = nanos < 0 ? '-' : '';
  const size = Math.abs(nanos);
  if (size < 1e3) return `${sign}${size}ns`;
  if (size < 1e6) return `${sign}${size / 1e3}µs`;
  if (size < 1e9) return `${sign}${size / 1e6}ms`;
  const hours = Math.floor(size / 3600e9);
  const minutes = Math.floor((size % 3600e9) / 60e9);
  const seconds = (size % 60e9) / 1e9;
  return `${sign}${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds}s`;
}

export function nanosToMs(nanos: number): number {
  return nanos / 1e6;
}
