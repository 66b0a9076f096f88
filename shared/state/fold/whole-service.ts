// What one event does to every task of a service, of which there may be hundreds of thousands: nothing is looked at here
// that such an event can't have changed.
import { TaskState } from '@muster/model';
import { isOutdated } from '../cluster/services/outdated.ts';
import { indexSlot, indexTask, mayBeFilled } from '../cluster/services/service-indices.ts';
import type { ClusterNode, Service } from '../cluster/state.ts';
import type { Tables } from '../cluster/tables.ts';
import { isLive, isOver } from '../cluster/tasks/task-standing.ts';
import type { Changes } from './changes.ts';
import { followNetworks } from './hold-addresses.ts';
import { vacate } from './task-transitions.ts';

/** Its version is another one: no task has changed, but each may have become outdated, and none was brought up to it yet. */
export function indexNewVersion(tables: Tables, service: Service, changes: Changes): void {
  service.settling.clear();
  service.outdated.clear();
  for (const row of service.slots.rows) {
    if (row === 0) continue;
    const slot = tables.slotAt(row);
    const { newest } = slot;
    if (newest !== undefined && slot.occupied && isOutdated(newest) && mayBeFilled(slot))
      service.outdated.addRow(row);
  }
  // Whoever looks for a place for them may find what was said about them before to be out of date.
  for (const { id } of service.pending) changes.tasks.add(id);
}

/** Its update is done: tasks that this spared may have to leave their nodes as any other has to. */
export function indexUpdated(tables: Tables, { slots, version }: Service): void {
  if (version.spec.placement.constraints.length === 0) return;
  for (const row of slots.rows) {
    const newest = row === 0 ? undefined : tables.slotAt(row).newest;
    for (let task = newest; task; task = task.older) if (task.version !== version) indexTask(task);
  }
}

/** Ports were found for its version: the tasks that waited for them may be given to nodes. */
export function releaseTasks(tables: Tables, service: Service, time: number, changes: Changes): void {
  const { version, pending, slots } = service;
  for (const row of slots.rows) {
    if (row === 0) continue;
    for (let task = tables.slotAt(row).newest; task; task = task.older) {
      if (task.observed !== TaskState.NEW || task.version !== version) continue;
      task.observed = TaskState.PENDING;
      task.observedAt = time;
      if (isLive(task)) pending.addRow(task.row);
    }
  }
  changes.tasks.addAllOf(service);
}

/** It is removed, and so is every task: nothing is left to decide about them but to forget those that are over. */
export function removeTasks(
  tables: Tables,
  service: Service,
  seq: number,
  time: number,
  changes: Changes,
): void {
  const { dead, waiting, pending, outdated, settling, doubled, gaps, reapable, slots } = service;
  for (const index of [dead, waiting, pending, outdated, settling, doubled, gaps]) index.clear();
  const nodes = new Set<ClusterNode>();
  for (const row of slots.rows) {
    if (row === 0) continue;
    const slot = tables.slotAt(row);
    const { newest } = slot;
    for (let task = newest; task; task = task.older) {
      if (task.desired === TaskState.REMOVE) continue;
      vacate(task, slot);
      task.desired = TaskState.REMOVE;
      task.desiredAt = time;
      task.commandSeq = seq;
      followNetworks(task, changes);
      if (isOver(task)) reapable.addRow(task.row);
      const { node } = task;
      if (node !== undefined) nodes.add(node);
    }
    if (newest !== undefined && newest.olderRow !== 0) indexSlot(slot);
  }
  changes.tasks.addAllOf(service);
  for (const node of nodes) {
    changes.nodes.add(node.id);
    leaveActive(node, service);
  }
}

/** None of its tasks is to run there any more. */
function leaveActive(node: ClusterNode, { id }: Service): void {
  const active = node.activeByService.get(id);
  if (active === undefined) return;
  node.activeTasks -= active;
  node.activeByService.delete(id);
}
