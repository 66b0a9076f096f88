// From folded state to the way between a task and another, or a service. Pure.
import { nameTask, nameTaskState, refuse, TaskState } from '@muster/model';
import {
  type ClusterState,
  countWanted,
  type Network,
  placeOfTask,
  type Service,
  type Task,
  takesRequests,
} from '@muster/state';
import { errorOf, nameNetwork } from './describe.ts';
import { type Found, findService, findTask } from './find.ts';
import type { Way, WayTask } from './way-views.ts';

/** Of the target, at most: an answer is one message, and somebody reads it. */
const MAX_TASKS = 200;

export interface WayRequest {
  readonly from: string;
  readonly to: string;
  readonly team?: string | undefined;
}

export function findWay(state: ClusterState, { from, to, team }: WayRequest): Found<Way> {
  const sender = findSender(state, from, team);
  if (!sender.ok) return sender;
  const target = findTarget(state, to, team);
  if (!target.ok) return target;
  return { ok: true, found: describeWay(state, sender.found, target.found) };
}

interface Target {
  readonly service: Service;
  readonly task?: Task;
}

/** An address may be any task's. */
function findSender(state: ClusterState, text: string, team: string | undefined): Found<Task> {
  if (!isAddress(text)) return findTask(state, text, team);
  const task = findByAddress(state, text);
  if (task) return { ok: true, found: task };
  return { ok: false, refusal: refuse('not-found', `no task has the address ${text}`) };
}

/** A service goes before a task whose id begins like its name; an address may be a virtual one. */
function findTarget(state: ClusterState, text: string, team: string | undefined): Found<Target> {
  if (isAddress(text)) {
    const task = findByAddress(state, text);
    if (task) return { ok: true, found: { service: task.service, task } };
    for (const service of state.services.values())
      if (service.addresses.some(({ address }) => address === text)) return { ok: true, found: { service } };
    return {
      ok: false,
      refusal: refuse('not-found', `neither a task nor a service has the address ${text}`),
    };
  }
  const service = findService(state, text, team);
  if (service.ok) return { ok: true, found: { service: service.found } };
  const task = findTask(state, text, team);
  if (task.ok) return { ok: true, found: { service: task.found.service, task: task.found } };
  return { ok: false, refusal: refuse('not-found', `no such service or task: ${text}`) };
}

function findByAddress({ tasks }: ClusterState, text: string): Task | undefined {
  for (const task of tasks.values())
    if (task.addresses?.some(({ address }) => address === text) && task.observed <= TaskState.RUNNING)
      return task;
  return undefined;
}

function describeWay(state: ClusterState, sender: Task, { service, task }: Target): Way {
  const own = networksOf(sender);
  const theirs = task ? networksOf(task) : networksOfService(service);
  const common = own.filter((id) => theirs.includes(id));
  const all = task ? [task] : [...service.tasks.values()].sort((a, b) => b.createdSeq - a.createdSeq);
  const tasks = all.filter(
    ({ observed }) => task || observed <= TaskState.RUNNING || all.length <= MAX_TASKS,
  );
  return {
    from: describeTask(sender),
    fromNetworks: own.map((id) => nameNetwork(state, id).name),
    to: {
      kind: task ? 'task' : 'service',
      id: task?.id ?? service.id,
      name: task ? nameOf(task) : service.spec.name,
      service: { id: service.id, name: service.spec.name },
      wanted: countWanted(service),
      running: service.runningTasks,
      tasks: tasks.slice(0, MAX_TASKS).map(describeTask),
      omittedTasks: Math.max(0, tasks.length - MAX_TASKS),
      networks: theirs.map((id) => nameNetwork(state, id).name),
      ports: [...(service.version.ports ?? service.version.requestedPorts)],
    },
    networks: common.flatMap((id) => {
      const network = state.networks.get(id);
      return network ? [describeNetwork(network, service, task)] : [];
    }),
  };
}

function describeNetwork({ id, spec, failure }: Network, service: Service, task: Task | undefined) {
  const vip = task ? undefined : service.addresses.find(({ networkId }) => networkId === id)?.address;
  const aliases = service.spec.taskTemplate.networks?.find(({ target }) => target === id)?.aliases ?? [];
  const asked = task ? [task] : [...service.tasks.values()];
  return {
    id,
    name: spec.name,
    internal: spec.internal,
    ...(failure !== '' && { failure }),
    names: task ? [nameOf(task)] : [service.spec.name, ...aliases],
    ...(vip !== undefined && { vip }),
    endpoints: asked
      .filter((one) => takesRequests(one) && one.node?.number !== undefined)
      .flatMap((one) =>
        (one.addresses ?? [])
          .filter(({ networkId }) => networkId === id)
          .map(({ address }) => ({ taskId: one.id, address })),
      ),
  };
}

function describeTask(task: Task): WayTask {
  const { id, desired, observed, addresses, node } = task;
  const underlay = node?.description.addr;
  return {
    id,
    name: nameOf(task),
    desired: nameTaskState(desired),
    state: nameTaskState(observed),
    err: errorOf(task),
    addresses: [...(addresses ?? [])],
    ...(node && {
      node: {
        id: node.id,
        hostname: node.description.hostname,
        status: node.status,
        ...(underlay && node.number !== undefined && { underlay }),
      },
    }),
  };
}

function nameOf(task: Task): string {
  return nameTask(task.service.spec.name, placeOfTask(task), task.id);
}

/** Of its version: an update may not have come to it. */
function networksOf({ version }: Task): string[] {
  return (version.spec.networks ?? []).map(({ target }) => target);
}

function networksOfService({ spec }: Service): string[] {
  return (spec.taskTemplate.networks ?? []).map(({ target }) => target);
}

function isAddress(text: string): boolean {
  return /^\d+(\.\d+){3}$/.test(text) || text.includes(':');
}
