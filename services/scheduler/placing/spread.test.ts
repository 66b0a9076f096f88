// The index against the definition: whatever the cluster and its past, both give the same tasks to the same nodes.
import type { Service } from '@muster/state';
import { clearChanges } from '@muster/state';
import {
  assign,
  coverNodes,
  createService,
  createTasks,
  describeNode,
  type History,
  joinReadyNode,
  removeNode,
  removeService,
  report,
  startHistory,
  updateNode,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { preparePipeline } from '../filters/pipeline.ts';
import { placeNaively } from '../naive.fixture.ts';
import { type Rank, Roster } from '../nodes/roster.ts';
import { takeGroup } from './group.ts';
import { giveToOwnNodes } from './own-node.ts';
import { defaultLimits, startRound } from './round.ts';
import { spread } from './spread.ts';

const zone = fc.constantFrom('a', 'b', 'c', '');
const nodeKind = fc.record({
  zone,
  rack: zone,
  cpus: fc.constantFrom(1, 3, 100),
  backend: fc.constantFrom('simulator', 'docker', 'process'),
  networks: fc.constantFrom<(string[] | undefined)[]>(undefined, ['host', 'null'], ['overlay', 'host']),
});
type NodeKind = typeof nodeKind extends fc.Arbitrary<infer T> ? T : never;

const wish = fc.record({
  tasks: fc.integer({ min: 1, max: 14 }),
  cpus: fc.constantFrom(0, 0, 1, 2),
  port: fc.constantFrom(undefined, undefined, 80, 81),
  maxReplicas: fc.constantFrom(0, 0, 1, 2),
  constraints: fc.subarray(
    ['node.labels.zone!=a', 'node.labels.rack==b', 'node.labels.zone!=c', 'node.role==worker'],
    { maxLength: 3 },
  ),
  preferences: fc.subarray(['spread=node.labels.zone', 'spread=node.labels.rack'], { maxLength: 2 }),
  image: fc.constantFrom('web', 'web', 'process'),
  networks: fc.constantFrom([], [], [], ['host'], ['none']),
  isGlobal: fc.constantFrom(false, false, true),
});
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

const nodeSpec = fc.record({
  availability: fc.constantFrom('active' as const, 'active' as const, 'pause' as const, 'drain' as const),
  role: fc.constantFrom('worker' as const, 'worker' as const, 'manager' as const),
  labels: fc.constantFrom<Record<string, string>>({}, { zone: 'a' }, { zone: 'c', rack: 'b' }, { rack: '' }),
});

const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deploy' as const), wish }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('scale' as const),
      pick: fc.nat(),
      by: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('join' as const), kind: nodeKind, name: fc.nat(999) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('status' as const), pick: fc.nat(), ready: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('describe' as const), pick: fc.nat(), kind: nodeKind }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('specify' as const), pick: fc.nat(), spec: nodeSpec }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expel' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), pick: fc.nat() }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What happens before a round, which nodes keep failing in it, and which of its decisions are lost. */
const round = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 8 }),
  faulty: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 5, max: 7 })), { maxLength: 2 }),
  lost: fc.nat(),
});
type RoundPlan = typeof round extends fc.Arbitrary<infer T> ? T : never;

const ranks: readonly Rank[] = [(id) => id, (id) => [...id].reverse().join('')];

function describeKind(id: string, { zone: at, rack, cpus, backend, networks }: NodeKind) {
  return describeNode(id, {
    engine: { backend, version: '1', labels: {} },
    labels: at === '' ? {} : { zone: at, rack },
    resources: { nanoCpus: cpus * 1e9, memoryBytes: 1e9 },
    ...(networks && { networks }),
  });
}

function pickOf<T>(items: Iterable<T>, pick: number): T | undefined {
  const all = [...items];
  return all[pick % Math.max(1, all.length)];
}

function apply(history: History, action: Change): void {
  const { state } = history;
  const node = 'pick' in action ? pickOf(state.nodes.values(), action.pick) : undefined;
  const service = 'pick' in action ? pickOf(state.services.values(), action.pick) : undefined;
  const cause = state.head;
  switch (action.do) {
    case 'deploy':
      deploy(history, action.wish);
      return;
    case 'scale':
      if (service && !service.removed) createMore(history, service, action.by);
      return;
    case 'join':
      joinReadyNode(history, `n${action.name}`, describeKind('h', action.kind));
      return;
    case 'status': {
      const status = action.ready ? 'ready' : 'down';
      if (node) history.append({ type: 'node.status_changed', cause, nodeId: node.id, status, message: '' });
      return;
    }
    case 'describe': {
      const description = describeKind('h', action.kind);
      if (node) history.append({ type: 'node.joined', cause, nodeId: node.id, session: 's', description });
      return;
    }
    case 'specify':
      if (node) updateNode(history, node.id, action.spec);
      return;
    case 'expel':
      if (node) removeNode(history, node.id);
      return;
    case 'end': {
      const task = pickOf(node?.tasks.values() ?? [], action.pick);
      if (node && task) report(history, node.id, { id: task.id, state: 'failed' });
      return;
    }
    case 'remove':
      if (service && !service.removed) removeService(history, service);
  }
}

function createMore(history: History, service: Service, tasks: number): void {
  if (service.spec.mode.global) coverNodes(history, service);
  else createTasks(history, service, tasks);
}

function deploy(
  history: History,
  { tasks, cpus, port, image, networks, isGlobal, ...placement }: Wish,
): void {
  const service = createService(history, `service${history.state.head}`, {
    image,
    ...(isGlobal && { mode: 'global' }),
    resources: { reservations: { cpus } },
    ports: port === undefined ? [] : [{ target: port, published: port, mode: 'host' }],
    placement,
    networks,
  });
  createMore(history, service, tasks);
}

/** The tasks of each node, with what is said of why it was chosen first. */
type Outcome = Record<string, readonly (readonly [string, number, number])[]>;

function placeBoth(
  history: History,
  roster: Roster,
  rank: Rank,
  plan: RoundPlan,
): { index: Outcome; naive: Outcome } {
  const { state, changes } = history;
  for (const id of changes.nodes) {
    const node = state.nodes.get(id);
    if (node) roster.follow(node);
    else roster.forget(id);
  }
  clearChanges(changes);
  roster.lineUp();
  const key = ({ id }: { id: string }) => `${rank(id)} ${id}`;
  const nodes = [...state.nodes.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  expect(roster.nodes.map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
  const faulty = new Map(
    plan.faulty.flatMap(([pick, times]) => (nodes.length ? [[nodes[pick % nodes.length]!.id, times]] : [])),
  );
  const one = startRound(defaultLimits, 1_000_000);
  const given: Parameters<typeof placeNaively>[3] = new Map();
  const naive: Record<string, [string, number, number][]> = {};
  for (const service of listPending(history)) {
    const group = takeGroup(service, new Set(), 1000)!;
    const gifts = placeNaively(nodes, group, faulty, given);
    const pipeline = preparePipeline(group, roster);
    const placed = service.spec.mode.global
      ? giveToOwnNodes(one, roster, group, pipeline, 1000).given
      : spread(one, roster, group, pipeline, faulty);
    expect(placed).toBe(gifts.length);
    one.served.add(service.id);
    const firsts = new Map<string, (typeof gifts)[number]>();
    for (const gift of gifts) {
      if (!firsts.has(gift.nodeId)) firsts.set(gift.nodeId, gift);
      const { serviceTasks, totalTasks } = firsts.get(gift.nodeId)!;
      naive[gift.nodeId] = [...(naive[gift.nodeId] ?? []), [gift.taskId, serviceTasks, totalTasks]];
    }
  }
  return { index: readDrafts(roster, one.touched), naive };
}

function readDrafts(roster: Roster, touched: readonly number[]): Outcome {
  return Object.fromEntries(
    touched.map((rank) => {
      const { tasks, why, given } = roster.drafts[rank]!;
      const reasons = why.flatMap((reason, place) => Array<typeof reason>(given[place]!).fill(reason));
      const told = tasks.map(
        (id, place) => [id, reasons[place]!.serviceTasks, reasons[place]!.totalTasks] as const,
      );
      return [roster.nodes[rank]!.id, told];
    }),
  );
}

function listPending({ state }: History): Service[] {
  return [...state.services.values()].filter(({ pending }) => pending.size > 0);
}

/** Folds what was decided, except what is lost; the roster forgets all of it, as at the end of a round. */
function conclude(history: History, roster: Roster, outcome: Outcome, lost: number): void {
  for (const rank of roster.nodes.keys()) roster.refresh(rank);
  for (const [place, [nodeId, tasks]] of Object.entries(outcome).entries()) {
    if (((lost >> (place % 30)) & 1) === 0) assign(history, nodeId, ...tasks.map(([id]) => id));
  }
}

const RUNS = 300;

describe('spread', () => {
  it('gives the same tasks to the same nodes as a comparison of all nodes for every task', () => {
    const nodes = fc.oneof(
      { weight: 3, arbitrary: fc.array(nodeKind, { maxLength: 9 }) },
      { weight: 1, arbitrary: fc.array(nodeKind, { minLength: 60, maxLength: 70 }) },
    );
    fc.assert(
      fc.property(
        nodes,
        fc.array(round, { minLength: 1, maxLength: 5 }),
        fc.nat(1),
        (kinds, rounds, ranking) => {
          const history = startHistory({ wire: 2 });
          const rank = ranks[ranking]!;
          const roster = new Roster(rank);
          for (const [place, kind] of kinds.entries())
            joinReadyNode(history, `n${place}`, describeKind('h', kind));
          for (const plan of rounds) {
            for (const action of plan.changes) apply(history, action);
            const { index, naive } = placeBoth(history, roster, rank, plan);
            expect(index).toEqual(naive);
            conclude(history, roster, index, plan.lost);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
