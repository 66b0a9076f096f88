// `service ps` and `node ps`: a line for each task, the newest of a slot first and its history below it.

import { placeOf, portText, shortenId, type TaskView } from '@muster/api';
import { ownValue } from '@muster/model';
import { type FilterTests, nameStartsWith, startsWith } from './filters.ts';
import type { Column, Item } from './list.ts';
import { shortenImage } from './service-list.ts';
import { describeAge } from './time-words.ts';

export const taskColumns: readonly Column[] = [
  { field: 'ID', header: 'ID' },
  { field: 'Name', header: 'NAME' },
  { field: 'Image', header: 'IMAGE', flexible: true },
  { field: 'Node', header: 'NODE' },
  { field: 'DesiredState', header: 'DESIRED STATE' },
  { field: 'CurrentState', header: 'CURRENT STATE' },
  { field: 'Error', header: 'ERROR', flexible: true },
  { field: 'Ports', header: 'PORTS', flexible: true },
];

/** States in which Docker's filter calls a task wanted. */
const desiredGroups: Readonly<Record<string, readonly string[]>> = {
  running: ['ready', 'running'],
  shutdown: ['shutdown', 'complete', 'remove'],
  accepted: ['ready'],
};

export const taskFilters: FilterTests<TaskView> = {
  id: ({ id }, value) => startsWith(id, value),
  name: (task, value) =>
    nameStartsWith(task.name, value) ||
    `${task.serviceName}.${placeOf(task)}`.toLowerCase() === value.toLowerCase(),
  node: ({ nodeId, hostname }, value) =>
    hostname?.toLowerCase() === value.toLowerCase() || startsWith(nodeId, value),
  'desired-state': ({ desired }, value) => {
    const state = value.toLowerCase();
    return (ownValue(desiredGroups, state) ?? [state]).includes(desired);
  },
};

export interface ShowTaskOptions {
  readonly now: number;
  readonly noTrunc?: boolean | undefined;
  /** Ids for names, as with --no-resolve. */
  readonly noResolve?: boolean | undefined;
}

/** `tasks` are in order: by service, by slot, the newest first. */
export function showTasks(tasks: readonly TaskView[], options: ShowTaskOptions): Item[] {
  let before = '';
  return tasks.map((task) => {
    const place = `${task.serviceId}.${placeOf(task)}`;
    const item = showTask(task, options, place === before);
    before = place;
    return item;
  });
}

function showTask(
  task: TaskView,
  { now, noTrunc = false, noResolve = false }: ShowTaskOptions,
  isHistory: boolean,
): Item {
  const { id, serviceId, serviceName, team = '', image, nodeId, hostname } = task;
  const { desired, state, stateAt, err, ports } = task;
  const published = state === 'running' ? ports.filter(({ publishMode }) => publishMode === 'host') : [];
  return {
    ID: noTrunc ? id : shortenId(id),
    Name: `${isHistory ? ' \\_ ' : ''}${noResolve ? serviceId : serviceName}.${placeOf(task)}`,
    Team: team,
    Image: noTrunc ? image : shortenImage(image),
    Node: (noResolve ? nodeId : hostname) ?? '',
    DesiredState: capitalise(desired),
    CurrentState: `${capitalise(state)} ${describeAge(stateAt, now)}`,
    Error: err === '' ? '' : `"${err}"`,
    Ports: published.map(portText).join(','),
  };
}

export function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
