// What still keeps a cluster from being as it was asked to be: compares the specs, the state, and what the engines
// really run. A task may wait only where no node would do, and a slot be without one only where its policy says so.
import {
  compileConstraint,
  countReplicas,
  isTerminal,
  parseConstraint,
  type TaskSpec,
  TaskState,
} from '@muster/model';
import {
  awaitsAddresses,
  type ClusterNode,
  type ClusterState,
  hostPortKey,
  isLive,
  isOutdated,
  isPaused,
  isUnderWay,
  type Service,
  type Slot,
  type Task,
} from '@muster/state';
import { checkEndpoints } from './endpoints.ts';
import { hasRoom } from './room.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** Empty when the cluster has converged. */
export function findUnfinished(cluster: SimulatedCluster): string[] {
  const { state } = cluster.observer;
  const lostIds = new Set(cluster.nodes.filter((seat) => cluster.lost.has(seat)).map(({ nodeId }) => nodeId));
  const running = listRunning(cluster);
  const problems: string[] = [...running.problems];
  if (state.halted) problems.push(`halted: ${state.halted.reason}`);
  if (state.intents.size > 0) problems.push(`${state.intents.size} intents without a verdict`);
  if (state.poison.size > 0) problems.push(`${state.poison.size} records without a quarantine`);
  for (const service of state.services.values()) {
    const isGone =
      service.removed && [...service.tasks.values()].every((task) => lostIds.has(task.node?.id ?? ''));
    if (isGone) continue;
    if (service.removed) problems.push(`service ${service.spec.name} is not gone`);
    else problems.push(...checkService(state, service, running.nodeByTask));
  }
  problems.push(...checkNetworks(state, lostIds));
  problems.push(...checkEndpoints(state, cluster.network.endpoints));
  for (const [taskId, node] of running.nodeByTask) {
    const task = state.tasks.get(taskId);
    if (!task || !isLive(task)) problems.push(`${node} still runs ${taskId}`);
  }
  for (const { name, nodeId } of cluster.nodes)
    if (!lostIds.has(nodeId) && !state.nodes.has(nodeId)) problems.push(`${name} has not joined`);
  for (const { id, status } of state.nodes.values()) {
    const wanted = lostIds.has(id) ? 'down' : 'ready';
    if (status !== wanted) problems.push(`${id} is ${status}`);
  }
  return problems;
}

function listRunning({ nodes, lost }: SimulatedCluster) {
  const problems: string[] = [];
  const nodeByTask = new Map<string, string>();
  for (const seat of nodes) {
    if (lost.has(seat)) continue;
    for (const { taskId, status } of seat.engine.states()) {
      if (status !== 'running') continue;
      const other = nodeByTask.get(taskId);
      if (other !== undefined) problems.push(`task ${taskId} runs on ${other} and ${seat.name}`);
      nodeByTask.set(taskId, seat.name);
    }
  }
  return { problems, nodeByTask };
}

function* checkService(
  state: ClusterState,
  service: Service,
  nodeByTask: ReadonlyMap<string, string>,
): Generator<string> {
  const { name } = service.spec;
  const held = [...service.slots.values()].filter((slot) => slot.occupied);
  const isGlobal = service.spec.mode.global !== undefined;
  if (isGlobal) yield* checkPlaces(state, service, held);
  else if (held.length !== countReplicas(service.spec))
    yield `${name} has ${held.length} slots of ${countReplicas(service.spec)}`;
  const occupied = held.filter((slot) => !isGlobal || isWantedOn(slot.node!, service));
  const isHeldUp = occupied.some(
    ({ newest }) => newest!.observed < TaskState.ASSIGNED || awaitsAddresses(newest!),
  );
  if (isUnderWay(service) && !isHeldUp) yield `${name} is ${service.update!.state}`;
  for (const slot of occupied) {
    for (const problem of checkSlot(state, slot, isHeldUp, nodeByTask))
      yield `${name}.${slot.number} ${problem}`;
  }
}

/** Every node that is to have one has a place, and where there is to be none there is at most what it is to keep. */
function* checkPlaces(state: ClusterState, service: Service, held: readonly Slot[]): Generator<string> {
  const { name } = service.spec;
  for (const node of state.nodes.values()) {
    const places = held.filter((slot) => slot.node === node);
    if (places.length > 1) yield `${name} has ${places.length} places on ${node.id}`;
    if (places.length === 0 && isWantedOn(node, service)) yield `${name} has no place on ${node.id}`;
  }
  for (const { number, node, newest } of held) {
    if (!node) yield `${name}.${number} belongs to no node`;
    else if (mustGo(node, service) && isLive(newest!) && !isTerminal(newest!.observed))
      yield `${name} still has a task on ${node.id}`;
  }
}

/** Written without the fold's own index, on purpose; all nodes are of one backend here. */
function isWantedOn(node: ClusterNode, service: Service): boolean {
  return node.spec.availability === 'active' && !mustGo(node, service);
}

function mustGo(node: ClusterNode, { version }: Service): boolean {
  if (node.status === 'down' || node.spec.availability === 'drain') return true;
  return node.spec.availability === 'active' && !meets(node, version.spec);
}

function* checkSlot(
  state: ClusterState,
  slot: Slot,
  isHeldUp: boolean,
  nodeByTask: ReadonlyMap<string, string>,
): Generator<string> {
  const newest = slot.tasks.at(-1)!;
  const { observed } = newest;
  // Of a version that was replaced before its ports were allocated: the update that is held up is to replace it.
  if (isHeldUp && isOutdated(newest) && newest.version.ports === undefined) return;
  if (!isHeldUp && isOutdated(newest) && !isPaused(newest.service)) yield 'is of an old version';
  if (isLive(newest) && newest.node && !mayStay(newest.node, newest, isHeldUp))
    yield `is on ${newest.node.id}`;
  if (!isLive(newest)) {
    if (!mayRest(newest)) yield `is not restarted: ${observed}`;
  } else if (observed === TaskState.RUNNING) {
    if (!nodeByTask.has(newest.id)) yield 'does not run on any engine';
  } else if (observed < TaskState.ASSIGNED && newest.desired === TaskState.RUNNING) {
    if (newest.service.unschedulable === undefined) yield 'waits, and nobody says why';
    if (newest.version.ports === undefined) {
      if (!lacksVip(state, newest.service)) yield 'waits, and there is a virtual address for it';
      return;
    }
    const nodes = slot.node ? [slot.node] : state.nodes.values();
    for (const node of nodes) if (suits(node, newest)) yield `waits, and ${node.id} would do`;
  } else if (awaitsAddresses(newest)) {
    if (newest.err === '') yield 'has no address, and nobody says why';
    const { networks } = newest.version;
    if (networks.every((id) => hasRoom(state.networks.get(id)!, newest.node!.id)))
      yield 'has no address, and there is one for it';
  } else {
    yield `is at ${observed}, to be ${newest.desired}: ${newest.err}`;
  }
}

/** It has them, or somebody has said why not; and what was removed is there as long as a task of a lost machine may be. */
function* checkNetworks({ networks, tasks }: ClusterState, lostIds: ReadonlySet<string>): Generator<string> {
  for (const { id, spec, number, failure, removed } of networks.values()) {
    if (!removed && number === undefined && failure === '') yield `network ${spec.name} has no subnet`;
    const isHeld = () =>
      [...tasks.values()].some(
        ({ addresses = [], node }) =>
          lostIds.has(node?.id ?? '') && addresses.some(({ networkId }) => networkId === id),
      );
    if (removed && !isHeld()) yield `network ${spec.name} is not gone`;
  }
}

function lacksVip({ networks }: ClusterState, { version }: Service): boolean {
  return version.networks.some((id) => {
    const network = networks.get(id);
    return !network || network.number === undefined || !hasRoom(network);
  });
}

/** Its slot needs no other task after this one. */
function mayRest({ observed, node, slot, version: { spec } }: Task): boolean {
  const { condition, maxAttempts } = spec.restartPolicy;
  // Taken back before it was given to the node that it belongs to, which was to have none.
  const neverCame = slot.node !== undefined && observed < TaskState.ASSIGNED;
  if (!isTerminal(observed) && !neverCame && node?.status !== 'down') return false;
  if (condition === 'none' || maxAttempts > 0) return true;
  return condition === 'on-failure' && observed === TaskState.COMPLETE;
}

/** Written without the orchestrator's own rule, on purpose. An update that is held up is to replace what is outdated. */
function mayStay(node: ClusterNode, task: Task, isHeldUp: boolean): boolean {
  const { availability } = node.spec;
  if (availability !== 'active') return availability === 'pause';
  return meets(node, task.service.spec.taskTemplate) || (isHeldUp && isOutdated(task));
}

function meets(node: ClusterNode, { placement }: TaskSpec): boolean {
  return placement.constraints.every((text) => {
    const constraint = parseConstraint(text);
    return 'error' in constraint || compileConstraint(constraint)(node);
  });
}

/** Written without the scheduler's own filters, on purpose. */
function suits(node: ClusterNode, { service, version: { spec, ports } }: Task): boolean {
  if (node.status !== 'ready' || node.spec.availability !== 'active' || !meets(node, spec)) return false;
  const { reservations } = spec.resources;
  const { nanoCpus, memoryBytes } = node.description.resources;
  if (node.reserved.nanoCpus + reservations.nanoCpus > nanoCpus) return false;
  if (node.reserved.memoryBytes + reservations.memoryBytes > memoryBytes) return false;
  const { maxReplicas } = spec.placement;
  if (maxReplicas > 0 && (node.activeByService.get(service.id) ?? 0) >= maxReplicas) return false;
  return !(ports ?? []).some((port) => port.publishMode === 'host' && node.hostPorts.has(hostPortKey(port)));
}
