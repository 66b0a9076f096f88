import { deriveId } from '@muster/model';

/** One of so many places, by what wants it: two allocators that don't know of each other's choices seldom meet. */
export function placeOf(places: number, ...of: readonly string[]): number {
  return Number.parseInt(deriveId(...of).slice(-9), 36) % Math.max(1, places);
}
