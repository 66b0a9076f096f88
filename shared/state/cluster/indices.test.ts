// Whatever happens, in whatever order, the fold survives it, and the indices it keeps by what changed are those that
// a snapshot's rows lead to.
import { type EventDraft, encodeJson, intentSubject } from '@muster/events';
import { deriveServiceId, normaliseServiceSpec } from '@muster/model';
import { type ClusterNode, placeOn, type Service, type TaskVersion } from '@muster/state';
import {
  allocateNetwork,
  allocateTasks,
  assign,
  copyThroughSnapshot,
  createNetwork,
  createService,
  createTasks,
  describeIndices,
  describeNode,
  type History,
  joinReadyNode,
  startHistory,
} from '@muster/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const few = (most: number) => fc.nat({ max: most });

/** The last one is global. */
const service = fc.constantFrom('web', 'web', 'web', 'api', 'log', 'log');
const node = few(2);
const network = fc.constantFrom('front', 'back');

const step = fc.oneof(
  fc.record({
    do: fc.constant('describe' as const),
    name: service,
    image: fc.constantFrom('busybox', 'busybox', 'busybox', 'other'),
    constraint: fc.constantFrom(undefined, 'node.labels.zone==x', 'node.labels.zone==y'),
    port: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 8080),
    delay: fc.constantFrom(0, '5s'),
    on: fc.subarray(['front', 'back']),
    order: fc.constantFrom('stop-first', 'start-first'),
  }),
  fc.record({ do: fc.constant('remove' as const), name: service }),
  fc.record({ do: fc.constant('allocate' as const), name: service, place: few(9) }),
  fc.record({
    do: fc.constant('network' as const),
    network,
    number: fc.integer({ min: 1, max: 2 }),
    subnet: fc.constantFrom('10.0.0.0/29', '10.0.0.8/29', '10.0.0.0/28'),
  }),
  fc.record({ do: fc.constant('unnetwork' as const), network }),
  fc.record({
    do: fc.constant('give' as const),
    task: few(7),
    place: few(9),
    block: fc.constantFrom('10.0.0.0/30', '10.0.0.4/30', '10.0.0.8/29', '10.0.0.0/31'),
  }),
  fc.record({
    do: fc.constant('create' as const),
    name: service,
    slot: fc.integer({ min: 1, max: 3 }),
    desired: fc.constantFrom('running', 'ready'),
    cause: fc.constantFrom(undefined, 'restart', 'update'),
    node,
  }),
  fc.record({
    do: fc.constant('desire' as const),
    task: few(7),
    state: fc.constantFrom('running', 'shutdown', 'remove'),
  }),
  fc.record({ do: fc.constant('reap' as const), task: few(7) }),
  fc.record({ do: fc.constant('assign' as const), task: few(7), node }),
  fc.record({
    do: fc.constant('report' as const),
    task: few(7),
    state: fc.constantFrom('ready', 'running', 'failed', 'complete', 'shutdown', 'rejected'),
  }),
  fc.record({ do: fc.constant('orphan' as const), task: few(7) }),
  fc.record({ do: fc.constant('undelivered' as const), task: few(7) }),
  fc.record({
    do: fc.constant('join' as const),
    node,
    zone: fc.constantFrom('x', 'y'),
    backend: fc.constantFrom('docker', 'docker', 'simulator', 'process'),
  }),
  fc.record({
    do: fc.constant('want' as const),
    node,
    availability: fc.constantFrom('active', 'active', 'pause', 'drain'),
    zone: fc.constantFrom(undefined, 'x', 'y'),
  }),
  fc.record({ do: fc.constant('leave' as const), node }),
  fc.record({
    do: fc.constant('status' as const),
    node,
    status: fc.constantFrom('ready', 'suspect', 'down'),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function eventOf(history: History, step: Step): EventDraft | undefined {
  const { state } = history;
  const service = 'name' in step ? state.serviceByName.get('', step.name) : undefined;
  const tasks = [...state.tasks.values()];
  const task = 'task' in step ? tasks[step.task % Math.max(1, tasks.length)] : undefined;
  const networkId = 'network' in step ? state.networkByName.get('', step.network)?.id : undefined;
  const nodeId = 'node' in step ? `n${step.node}` : (task?.node?.id ?? 'n0');
  const cause = state.head;
  const reconciled = (of: NonNullable<typeof service>, facts: object) =>
    ({
      type: 'service.reconciled',
      cause,
      serviceId: of.id,
      specVersion: of.version.seq,
      why: [],
      ...facts,
    }) as EventDraft;
  switch (step.do) {
    case 'describe': {
      const { name, image, constraint, port, delay, order, on } = step;
      const networks = on.flatMap((of) => state.networkByName.get('', of)?.id ?? []);
      const body = {
        image,
        update: { delay, order },
        ...(networks.length > 0 && { networks }),
        ...(constraint !== undefined && { placement: [constraint] }),
        ...(name === 'log' && { mode: 'global' }),
        ...(port !== undefined && { ports: [{ target: 80, published: port, mode: 'host' }] }),
      };
      const intent = history.intend('apply', name, body);
      const normalised = normaliseServiceSpec(body, name, state.wireVersion);
      if (!normalised.ok) throw new Error(normalised.refusal.message);
      const { spec } = normalised;
      const serviceId = service?.id ?? deriveServiceId(name, intent, { clusterId: state.cluster!.id });
      const type = service ? 'service.updated' : 'service.created';
      return { type, cause: intent, actor: 'ana', serviceId, spec };
    }
    case 'remove':
      if (!service) return undefined;
      return {
        type: 'service.removed',
        cause: history.intend('remove', step.name, undefined),
        actor: 'ana',
        serviceId: service.id,
      };
    case 'allocate': {
      if (!service) return undefined;
      const ports = service.version.requestedPorts.map((port) => ({
        ...port,
        publishedPort: port.publishedPort || 30_000,
      }));
      return {
        type: 'service.allocated',
        cause,
        serviceId: service.id,
        specVersion: service.version.seq,
        ports,
        addresses: addressesOf(service.version, step.place),
      };
    }
    case 'network': {
      const { network: name, number, subnet } = step;
      if (!networkId) {
        createNetwork(history, name);
        return undefined;
      }
      return {
        type: 'network.allocated',
        cause,
        networkId,
        number,
        subnets: [{ subnet, gateway: '10.0.0.1' }],
      };
    }
    case 'unnetwork': {
      if (!networkId) return undefined;
      const intent = history.intend('remove', step.network, undefined, { kind: 'network' });
      return { type: 'network.removed', cause: intent, actor: 'ana', networkId };
    }
    case 'give': {
      if (!task) return undefined;
      const addresses = addressesOf(task.version, step.place);
      const blocks = addresses.map((of) => ({ networkId: of.networkId, block: step.block }));
      return { type: 'node.allocated', cause, nodeId, blocks, tasks: [{ id: task.id, addresses }] };
    }
    case 'create': {
      if (!service) return undefined;
      const { desired, cause: why } = step;
      const isGlobal = step.name === 'log';
      const place = isGlobal ? placeOf(service, state.nodes.get(nodeId), step.slot) : { slot: step.slot };
      const { slot } = place;
      const generation = (service.slots.get(slot)?.generation ?? 0) + 1;
      const id = `${service.id}/${slot}/${generation}`;
      return reconciled(service, {
        created: [{ id, generation, desired, ...(why && { cause: why }), ...place }],
      });
    }
    case 'desire':
      return task && reconciled(task.service, { desired: [{ id: task.id, state: step.state }] });
    case 'reap':
      return task && reconciled(task.service, { reaped: [task.id] });
    case 'assign':
      return task && { type: 'tasks.assigned', cause, nodeId, tasks: [task.id], why: [] };
    case 'orphan':
      return task && { type: 'tasks.orphaned', cause, nodeId, tasks: [task.id] };
    case 'undelivered':
      return task && { type: 'tasks.undelivered', cause, nodeId, tasks: [task.id], reason: 'because' };
    case 'report':
      return (
        task &&
        ({
          type: 'tasks.reported',
          cause: 0,
          nodeId,
          session: 's',
          statuses: [{ id: task.id, state: step.state }],
        } as EventDraft)
      );
    case 'join':
      return {
        type: 'node.joined',
        cause: 0,
        nodeId,
        session: 's',
        description: describeNode(nodeId, {
          labels: { zone: step.zone },
          engine: { backend: step.backend, version: '1', labels: {} },
        }),
      };
    case 'want': {
      const { availability, zone } = step;
      const labels: Record<string, string> = zone === undefined ? {} : { zone };
      const spec = { availability, role: 'worker', labels } as const;
      return { type: 'node.updated', cause: intendOf(history, 'update'), actor: 'ana', nodeId, spec };
    }
    case 'leave':
      return { type: 'node.removed', cause: intendOf(history, 'remove'), actor: 'ana', nodeId };
    case 'status':
      return {
        type: 'node.status_changed',
        cause,
        nodeId,
        status: step.status,
        message: '',
      } as EventDraft;
  }
}

/** One on each of its networks. */
function addressesOf({ networks }: TaskVersion, place: number) {
  return networks.map((networkId) => ({ networkId, address: `10.0.0.${place}` }));
}

/** Of an intent about a node: whatever waits for a verdict will do. */
function intendOf(history: History, verb: string): number {
  return history.record(intentSubject('ana', 'node', verb, 'n0'), encodeJson({}));
}

/** The place that the node has, or the slot that is to be bound to it, which may be another's already. */
function placeOf(service: Service, node: ClusterNode | undefined, slot: number) {
  return { slot: (node && placeOn(service, node)?.number) ?? slot, node: node?.id ?? 'gone' };
}

it('are those of a state restored from rows, whatever happened', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const history = startHistory({ wire: 2 });
      for (const name of ['n0', 'n1']) joinReadyNode(history, name, { labels: { zone: 'x' } });
      const front = createNetwork(history, 'front');
      allocateNetwork(history, front, 1, '10.0.0.0/29');
      const tasks = createTasks(history, createService(history, 'web', { networks: [front.id] }), 3);
      assign(history, 'n0', ...tasks.slice(1));
      allocateTasks(history, 'n0', { [tasks[1]!]: { [front.id]: '10.0.0.2' } }, [[front.id, '10.0.0.0/30']]);
      for (const one of steps) {
        const event = eventOf(history, one);
        if (event) history.append(event);
      }
      expect(describeIndices(copyThroughSnapshot(history.state))).toEqual(describeIndices(history.state));
    }),
    { numRuns: 300 },
  );
});
