// What stands for a task's place in its name (SwarmKit's api/naming): the number of its slot or, in a global service, the
// id of the node that the slot belongs to.

import type { Slot, Task } from '../readonly.ts';
import { isGlobal } from './global-service.ts';

/** Of a task: its slot may be another node's by now. */
export function placeOfTask(task: Task): string {
  if (!isGlobal(task.service)) return String(task.slot.number);
  return (task.node ?? task.slot.node)?.id ?? String(task.slot.number);
}

/** "web.3", or "web.<node>" */
export function nameSlot({ service, node, number }: Slot): string {
  return `${service.spec.name}.${node?.id ?? number}`;
}
