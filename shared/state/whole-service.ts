// What one event does to every task of a service, of which there may be hundreds of thousands: nothing is looked at here
// that such an event can't have changed.
import { TaskState } from '@muster/model';
import type { Changes } from './changes.ts';
import { isOutdated } from './outdated.ts';
import { indexSlot } from './service-indices.ts';
import type { Service } from './state.ts';
import type { Tables } from './tables.ts';
import { setDesired, setObserved } from './task-transitions.ts';

/** Its version is another one: no task has changed, but each may have become outdated, and none was brought up to it yet. */
export function indexNewVersion(tables: Tables, service: Service, changes: Changes): void {
  service.settling.clear();
  for (const row of service.slots.rows) {
    if (row === 0) continue;
    const slot = tables.slotAt(row);
    const { newest } = slot;
    if (newest !== undefined && slot.occupied && isOutdated(newest)) service.outdated.addRow(row);
    else service.outdated.deleteRow(row);
  }
  // Whoever looks for a place for them may find what was said about them before to be out of date.
  for (const { id } of service.pending) changes.tasks.add(id);
}

/** The delay of its updates is another one. */
export function indexNewDelay(tables: Tables, service: Service): void {
  for (const row of service.slots.rows) {
    if (row === 0) continue;
    const slot = tables.slotAt(row);
    if (slot.updatedTo === service.version.seq) indexSlot(slot);
  }
}

/** Ports were found for its version: the tasks that waited for them may be given to nodes. */
export function releaseTasks(tables: Tables, service: Service, time: number, changes: Changes): void {
  const { version } = service;
  for (const row of service.slots.rows) {
    if (row === 0) continue;
    for (let task = tables.slotAt(row).newest; task; task = task.older) {
      if (task.observed === TaskState.NEW && task.version === version)
        setObserved(task, TaskState.PENDING, time, changes);
    }
  }
}

/** It is removed, and so is every task. */
export function removeTasks(
  tables: Tables,
  service: Service,
  seq: number,
  time: number,
  changes: Changes,
): void {
  for (const row of service.slots.rows) {
    if (row === 0) continue;
    for (let task = tables.slotAt(row).newest; task; task = task.older)
      setDesired(task, TaskState.REMOVE, seq, time, changes);
  }
}
