// What `audit` is to be about: a service (every one that had the name), a slot, or a task. Found among everything that
// ever was, not only what is. Pure.
import { type Refusal, refuse } from '@muster/model';
import type { Directory } from './directory.ts';

export interface AuditTarget {
  readonly serviceIds: ReadonlySet<string>;
  /** Intents for this name are part of the story. */
  readonly name: string | undefined;
  /** Only these tasks; all of the services' when undefined. */
  readonly taskIds: ReadonlySet<string> | undefined;
  /** Where the story can begin; 0 when nothing was ever created. */
  readonly firstSeq: number;
}

export function chooseTarget(directory: Directory, about: string): AuditTarget | Refusal {
  const named = [...directory.services.values()].filter(({ name }) => name === about);
  if (named.length > 0)
    return aboutServices(
      directory,
      named.map(({ id }) => id),
      about,
    );
  if (directory.services.has(about)) return aboutServices(directory, [about], undefined);
  if (directory.tasks.has(about)) return aboutTasks(directory, [about]);
  const slot = /^(.+)\.(\d+)(?:\.([0-9a-z]+))?$/.exec(about);
  if (slot) {
    const [, name, number, id = ''] = slot;
    const tasks = [...directory.tasks.values()].filter(
      (task) =>
        task.slot === Number(number) &&
        task.id.startsWith(id) &&
        directory.services.get(task.serviceId)?.name === name,
    );
    if (tasks.length > 0)
      return aboutTasks(
        directory,
        tasks.map((task) => task.id),
      );
  }
  return chooseByPrefix(directory, about);
}

function chooseByPrefix(directory: Directory, about: string): AuditTarget | Refusal {
  const services = [...directory.services.keys()].filter((id) => id.startsWith(about));
  const tasks = [...directory.tasks.keys()].filter((id) => id.startsWith(about));
  const matches = services.length + tasks.length;
  if (matches > 1) return refuse('conflict', `${about} is ambiguous (${matches} matches found)`);
  if (services.length === 1) return aboutServices(directory, services, undefined);
  if (tasks.length === 1) return aboutTasks(directory, tasks);
  // Somebody may have asked for it, and been refused.
  return { serviceIds: new Set(), name: about, taskIds: undefined, firstSeq: 0 };
}

function aboutServices(directory: Directory, ids: readonly string[], name: string | undefined): AuditTarget {
  return { serviceIds: new Set(ids), name, taskIds: undefined, firstSeq: firstIntent(directory, ids) };
}

function aboutTasks(directory: Directory, taskIds: readonly string[]): AuditTarget {
  const serviceIds = new Set(taskIds.map((id) => directory.tasks.get(id)!.serviceId));
  return {
    serviceIds,
    name: undefined,
    taskIds: new Set(taskIds),
    firstSeq: firstIntent(directory, [...serviceIds]),
  };
}

function firstIntent(directory: Directory, serviceIds: readonly string[]): number {
  return Math.min(...serviceIds.map((id) => directory.services.get(id)!.intentSeq));
}
