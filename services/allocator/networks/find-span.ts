// Where there is room.
import type { Span } from '@muster/state';

/** From the first place to before the end. */
export interface Window {
  readonly first: number;
  readonly end: number;
}

/** The last thing that is in the way. */
export type LastWithin = (span: Span) => Span | undefined;

/** The first room for so many, from the place on and then from the window's beginning; it begins at a multiple of its size. */
export function findSpan(
  size: number,
  window: Window,
  from: number,
  lastWithin: LastWithin,
): Span | undefined {
  const { first, end } = window;
  const middle = alignUp(Math.min(Math.max(first, from), end), size);
  return (
    search(size, { first: middle, end }, lastWithin) ??
    search(size, { first, end: Math.min(end, middle) }, lastWithin)
  );
}

function search(size: number, { first, end }: Window, lastWithin: LastWithin): Span | undefined {
  let start = alignUp(first, size);
  while (start + size <= end) {
    const held = lastWithin({ start, size });
    if (!held) return { start, size };
    start = alignUp(held.start + held.size, size);
  }
  return undefined;
}

function alignUp(place: number, size: number): number {
  return Math.ceil(place / size) * size;
}

/** The largest power of two that is no larger; 1 for what is smaller. */
export function powerUpTo(count: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, count)));
}
