// What tests look for in a watched cluster.
import { TaskState } from '@muster/model';
import {
  type ClusterNode,
  isLive,
  isOutdated,
  isOver,
  type Service,
  type Task,
  type TaskVersion,
} from '@muster/state';
import type { Watch } from './watch.ts';

/** A task as it was when it was looked at: the state's own are views, which go with the time. */
export type Sighting = Pick<
  Task,
  'id' | 'row' | 'generation' | 'replaces' | 'observed' | 'desired' | 'message' | 'err' | 'exitCode' | 'runId'
> & {
  readonly service: Service;
  readonly version: TaskVersion;
  readonly node: ClusterNode | undefined;
  readonly slot: { readonly number: number };
};

export function seeTask(task: Task): Sighting {
  const { id, row, generation, replaces, observed, desired, message, err, exitCode, runId } = task;
  const { service, version, node } = task;
  const slot = { number: task.slot.number };
  return {
    id,
    row,
    generation,
    replaces,
    observed,
    desired,
    message,
    err,
    exitCode,
    runId,
    service,
    version,
    node,
    slot,
  };
}

/** The tasks of a service that run, run what its spec says, and are to go on doing so; by slot. */
export function runningTasks(service: Service | undefined): Sighting[] {
  return [...(service?.tasks.values() ?? [])]
    .filter(
      (task) =>
        task.observed === TaskState.RUNNING && task.desired === TaskState.RUNNING && !isOutdated(task),
    )
    .map(seeTask)
    .sort((a, b) => a.slot.number - b.slot.number);
}

/** The tasks, once the service runs as it is described, and everything that it doesn't need any more is over. */
export function hasConverged(
  name: string,
  replicas: number,
  team = '',
): (watch: Watch) => Sighting[] | undefined {
  return ({ state }) => {
    const service = state.serviceByName.get(team, name);
    const running = runningTasks(service);
    if (running.length !== replicas || service?.spec.mode.replicated?.replicas !== replicas) return undefined;
    const rows = new Set(running.map(({ row }) => row));
    const others = [...service.tasks.values()].filter(({ row }) => !rows.has(row));
    // One that never got to a node stays as it was when it was given up.
    return others.every((task) => isOver(task) && !isLive(task)) ? running : undefined;
  };
}

/** No service, and no task, of that name is left. */
export function isGone(name: string): (watch: Watch) => boolean {
  return ({ state }) => ![...state.services.values()].some(({ spec }) => spec.name === name);
}

/** The watch has seen everything that is in the log by now. */
export async function catchUp(watch: Watch): Promise<void> {
  const head = await watch.log.head();
  await watch.until(`sequence ${head}`, ({ state }) => state.head >= head);
}

export function nodeNamed(watch: Watch, hostname: string) {
  return [...watch.state.nodes.values()].find(({ description }) => description.hostname === hostname);
}

/** So many nodes are ready. */
export function areReady(count: number): (watch: Watch) => boolean {
  return ({ state }) => [...state.nodes.values()].filter(({ status }) => status === 'ready').length === count;
}
