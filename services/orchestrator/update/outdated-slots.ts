// The slots that an update is still to replace, lowest number first, without a look at those that it has replaced.
import type { Service, Slot, TaskVersion } from '@muster/state';

/**
 * By the version that an update brings: the lowest slot that was outdated when it was last looked. Nothing goes by it but
 * where to look first.
 */
const lookedFrom = new WeakMap<TaskVersion, number>();

export function* lowestOutdated(service: Service): Generator<Slot> {
  const { outdated, version, highestSlot } = service;
  const from = lookedFrom.get(version) ?? 1;
  let left = outdated.size;
  const isNext = (number: number) => {
    const slot = service.slots.get(number);
    if (!slot || !outdated.has(slot)) return undefined;
    if (left === outdated.size) lookedFrom.set(version, number);
    left -= 1;
    return slot;
  };
  for (let number = from; number <= highestSlot && left > 0; number += 1) {
    const slot = isNext(number);
    if (slot) yield slot;
  }
  // A node that was paused, or has other labels: its slot was passed over.
  for (let number = 1; number < from && left > 0; number += 1) {
    const slot = isNext(number);
    if (slot) yield slot;
  }
}
