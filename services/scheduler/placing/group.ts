// Pending tasks that are alike to the scheduler: of one service and one version of its spec.
import type { Port } from '@muster/model';
import { hostPortKey, type Service, type Task, type TaskVersion } from '@muster/state';

export interface Group {
  readonly service: Service;
  readonly version: TaskVersion;
  readonly tasks: readonly Task[];
  /** Host ports that each task takes on its node: "8080/tcp". */
  readonly hostPorts: readonly string[];
}

/** Up to `limit` pending tasks of the first version that is not among those already dealt with. */
export function takeGroup(
  service: Service,
  dealtWith: ReadonlySet<TaskVersion>,
  limit: number,
): Group | undefined {
  let version: TaskVersion | undefined;
  const tasks: Task[] = [];
  for (const task of service.pending) {
    if (tasks.length >= limit) break;
    if (version === undefined ? dealtWith.has(task.version) : task.version !== version) continue;
    version = task.version;
    tasks.push(task);
  }
  return version && { service, version, tasks, hostPorts: listHostPorts(version.ports ?? []) };
}

function listHostPorts(ports: readonly Port[]): string[] {
  return ports.filter(({ publishMode }) => publishMode === 'host').map(hostPortKey);
}

/** The latest sequence that made one of the tasks: what a decision about them answers. */
export function causeOf(tasks: readonly Task[]): number {
  return tasks.reduce((latest, task) => Math.max(latest, task.createdSeq), 0);
}
