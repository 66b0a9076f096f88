// Which slots stay when there are to be fewer: SwarmKit's rule (manager/orchestrator/replicated/services.go and
// slot.go). Running ones first, then few on each node, then low numbers.
import { TaskState } from '@muster/model';
import { isLive, type Service, type Slot } from '@muster/state';

/** Free slot numbers, lowest first. */
export function findFreeSlots(service: Service, count: number): number[] {
  const free: number[] = [];
  let number = service.occupiedSlots === service.highestSlot ? service.highestSlot : 0;
  while (free.length < count) {
    number += 1;
    if (!service.slots.get(number)?.occupied) free.push(number);
  }
  return free;
}

/** The slots to give up so that `keep` are left. */
export function chooseSlotsToRemove(slots: readonly Slot[], keep: number): Slot[] {
  const byRunning = slots
    .map((slot) => ({
      slot,
      running: slot.tasks.some((task) => task.observed === TaskState.RUNNING && isLive(task)),
    }))
    .sort((a, b) => Number(b.running) - Number(a.running) || a.slot.number - b.slot.number);
  const copiesByNode = new Map<string, number>();
  return byRunning
    .map(({ slot }) => ({ slot, nth: nthOnNode(slot, copiesByNode) }))
    .sort((a, b) => a.nth - b.nth)
    .slice(keep)
    .map(({ slot }) => slot);
}

/** Counts this slot as the nth copy on its node; one that is on no node, or on two, goes first. */
function nthOnNode(slot: Slot, copiesByNode: Map<string, number>): number {
  const holders = slot.tasks.filter(isLive);
  const nodeId =
    (holders.length > 0 ? holders : slot.tasks.slice(-1)).length === 1
      ? (holders[0] ?? slot.tasks.at(-1))?.node?.id
      : undefined;
  if (nodeId === undefined) return Number.POSITIVE_INFINITY;
  const nth = (copiesByNode.get(nodeId) ?? 0) + 1;
  copiesByNode.set(nodeId, nth);
  return nth;
}
