// Which slots are free, and which stay when there are to be fewer: SwarmKit's rule
// (manager/orchestrator/replicated/services.go and slot.go). Running ones first, then few on each node, then low numbers.
import { TaskState } from '@muster/model';
import { isLive, type Service, type Slot } from '@muster/state';

/** Free slot numbers, lowest first. */
export function findFreeSlots(service: Service, count: number): number[] {
  const free: number[] = [];
  let number = service.occupiedSlots === service.highestSlot ? service.highestSlot : 0;
  while (free.length < count) {
    number += 1;
    if (isFree(service.slots.get(number))) free.push(number);
  }
  return free;
}

/** One that belongs to a node is that node's, whatever becomes of its tasks. */
function isFree(slot: Slot | undefined): boolean {
  return !slot || (!slot.occupied && slot.node === undefined);
}

/** The slots to give up so that `keep` are left: found by counting, as there may be very many. */
export function chooseSlotsToRemove(service: Service, keep: number): Slot[] {
  const running: Slot[] = [];
  const others: Slot[] = [];
  for (let number = 1; number <= service.highestSlot; number += 1) {
    const slot = service.slots.get(number);
    if (slot?.occupied) (isRunning(slot) ? running : others).push(slot);
  }
  const copiesByNode = new Map<string, number>();
  /** Those that are the first copy on their node, those that are the second, and so on. */
  const byPlace: Slot[][] = [];
  const nowhere: Slot[] = [];
  for (const slot of running.concat(others)) {
    const nth = nthOnNode(slot, copiesByNode);
    if (nth === undefined) nowhere.push(slot);
    else if (byPlace[nth - 1]) byPlace[nth - 1]!.push(slot);
    else byPlace[nth - 1] = [slot];
  }
  return byPlace.flat().concat(nowhere).slice(keep);
}

function isRunning(slot: Slot): boolean {
  for (let task = slot.newest; task; task = task.older) {
    if (task.observed === TaskState.RUNNING && isLive(task)) return true;
  }
  return false;
}

/** Counts this slot as the nth copy on its node; undefined for one that is on no node, or on two. */
function nthOnNode(slot: Slot, copiesByNode: Map<string, number>): number | undefined {
  let holder = slot.newest;
  let holders = 0;
  for (let task = slot.newest; task; task = task.older) {
    if (!isLive(task)) continue;
    holder = task;
    holders += 1;
  }
  const nodeId = holders > 1 ? undefined : holder?.node?.id;
  if (nodeId === undefined) return undefined;
  const nth = (copiesByNode.get(nodeId) ?? 0) + 1;
  copiesByNode.set(nodeId, nth);
  return nth;
}
