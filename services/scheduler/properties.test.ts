import type { Decision, Reducer } from '@muster/runtime';
import type { ClusterNode, Service, Task } from '@muster/state';
import { isLive } from '@muster/state';
import {
  appendDecision,
  coverNodes,
  createService,
  createTasks,
  decideOnce,
  desire,
  type History,
  joinReadyNode,
  removeNode,
  report,
  settle,
  startHistory,
  updateNode,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createScheduler } from './scheduler.ts';

const wish = fc.record({
  tasks: fc.integer({ min: 1, max: 8 }),
  cpus: fc.constantFrom(0, 1, 2),
  port: fc.constantFrom(undefined, 80, 81),
  maxReplicas: fc.constantFrom(0, 1, 2),
  zone: fc.constantFrom(undefined, 'a', 'b'),
  isGlobal: fc.constantFrom(false, false, true),
});
type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deploy' as const), wish }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), zone: fc.constantFrom('a', 'b') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      pick: fc.nat(),
      status: fc.constantFrom('ready' as const, 'suspect' as const, 'down' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('specify' as const),
      pick: fc.nat(),
      availability: fc.constantFrom('active' as const, 'pause' as const, 'drain' as const),
      zone: fc.constantFrom(undefined, 'a', 'b'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expel' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), pick: fc.nat() }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('decide' as const), copy: fc.nat(1), lose: fc.nat() }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function deploy(history: History, { tasks, cpus, port, maxReplicas, zone, isGlobal }: Wish): Service {
  const service = createService(history, `service${history.state.head}`, {
    ...(isGlobal && { mode: 'global' }),
    resources: { reservations: { cpus } },
    ports: port === undefined ? [] : [{ target: port, published: port, mode: 'host' }],
    placement: { maxReplicas, constraints: zone === undefined ? [] : [`node.labels.zone==${zone}`] },
  });
  if (isGlobal) coverNodes(history, service);
  else createTasks(history, service, tasks);
  return service;
}

function join(history: History, zone: string): void {
  const resources = { nanoCpus: 3e9, memoryBytes: 1e9 };
  joinReadyNode(history, `n${history.state.head}`, { labels: { zone }, resources });
}

/** Written down once more, the plain way. */
function hasRoomFor(node: ClusterNode, { id, version, spec, pending }: Service): boolean {
  const { resources, placement } = version.spec;
  const isWanted = ({ slot }: Task) => !spec.mode.global || slot.node === node;
  if (![...pending].some(isWanted)) return false;
  const free = node.description.resources.nanoCpus - node.reserved.nanoCpus;
  return (
    node.status === 'ready' &&
    node.spec.availability === 'active' &&
    free >= resources.reservations.nanoCpus &&
    placement.constraints.every((text) => text.endsWith(`==${node.labels.zone}`)) &&
    version.ports!.every((port) => !node.hostPorts.has(`${port.publishedPort}/tcp`)) &&
    (placement.maxReplicas === 0 || (node.activeByService.get(id) ?? 0) < placement.maxReplicas)
  );
}

function checkSafety({ state }: History): void {
  for (const node of state.nodes.values()) {
    expect(node.reserved.nanoCpus).toBeLessThanOrEqual(node.description.resources.nanoCpus);
    for (const holders of node.hostPorts.values()) expect(holders).toBe(1);
    for (const [id, count] of node.activeByService) {
      const limit = state.services.get(id)!.version.spec.placement.maxReplicas;
      if (limit > 0) expect(count).toBeLessThanOrEqual(limit);
    }
  }
}

function appendSome(history: History, decisions: readonly Decision[], lose: number): void {
  for (const [index, decision] of decisions.entries()) {
    if ((lose >> (index % 30)) & 1) continue;
    const { event } = decision;
    if (event.type === 'tasks.assigned') {
      // A copy that looks at an older state may be wrong about readiness, never about room.
      expect(history.state.nodes.has(event.nodeId)).toBe(true);
    }
    appendDecision(history, decision);
    checkSafety(history);
  }
}

function apply(history: History, copies: readonly Reducer[], action: Step): void {
  const nodes = [...history.state.nodes.values()];
  const running = nodes.flatMap((node) => [...node.tasks.values()].filter((task) => task.observed < 512));
  switch (action.do) {
    case 'deploy':
      deploy(history, action.wish);
      return;
    case 'join':
      join(history, action.zone);
      return;
    case 'status': {
      const node = nodes[action.pick % nodes.length];
      const { status } = action;
      const cause = history.state.head;
      if (node) history.append({ type: 'node.status_changed', cause, nodeId: node.id, status, message: '' });
      return;
    }
    case 'specify': {
      const node = nodes[action.pick % nodes.length];
      const { availability, zone } = action;
      if (node) updateNode(history, node.id, { availability, labels: zone === undefined ? {} : { zone } });
      return;
    }
    case 'expel': {
      const node = nodes[action.pick % nodes.length];
      if (node) removeNode(history, node.id);
      return;
    }
    case 'end': {
      const task = running[action.pick % running.length];
      if (task) report(history, task.node!.id, { id: task.id, state: 'failed' });
      return;
    }
    case 'stop': {
      const live = [...history.state.tasks.values()].filter(isLive);
      const task = live[action.pick % live.length];
      if (task) desire(history, task.service, 'remove', task.id);
      return;
    }
    case 'decide':
      decideWith(history, copies, action.copy, action.lose);
  }
}

/** Both copies follow the log; one of them decides, and some of what it decides is lost. */
function decideWith(history: History, copies: readonly Reducer[], copy: number, lose: number): void {
  const [active, other] = copy === 0 ? copies : [...copies].reverse();
  other!.notice(history.state, history.changes);
  const decisions = decideOnce(history, active!);
  appendSome(history, decisions, lose);
}

describe('whatever happens', () => {
  it('no node is over-committed, and in the end what can be placed is placed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const history = startHistory({ wire: 2 });
        const copies = [createScheduler({ tasks: 7, share: 2, steps: 20 }), createScheduler()];
        join(history, 'a');
        for (const action of steps) {
          apply(history, copies, action);
          checkSafety(history);
        }
        for (const copy of copies) {
          decideWith(history, copies, copies.indexOf(copy), 0);
          history.wait(2000);
        }
        copies[1]!.notice(history.state, history.changes);
        settle(history, copies[0]!);
        history.wait(2000);
        settle(history, copies[0]!);
        checkSafety(history);
        for (const service of history.state.services.values()) {
          if (service.pending.size === 0) expect(service.unschedulable).toBeUndefined();
          else {
            expect([...history.state.nodes.values()].filter((node) => hasRoomFor(node, service))).toEqual([]);
            const words = service.spec.mode.global ? /node/ : /^no suitable node/;
            expect(service.unschedulable?.message).toMatch(words);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('when nothing else constrains', () => {
  const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 });

  it('the nodes differ by one task of a service at most', () => {
    fc.assert(
      fc.property(counts, counts, (nodeTasks, replicas) => {
        const history = startHistory();
        for (const [index, tasks] of nodeTasks.entries()) {
          joinReadyNode(history, `n${index}`);
          const pinned = createService(history, `pinned${index}`, { placement: [`node.id==n${index}`] });
          if (tasks > 0) createTasks(history, pinned, tasks);
        }
        const services = replicas.map((count, index) => {
          const service = createService(history, `service${index}`);
          if (count > 0) createTasks(history, service, count);
          return service;
        });
        settle(history, createScheduler());
        for (const { id } of services) {
          const perNode = [...history.state.nodes.values()].map((node) => node.activeByService.get(id) ?? 0);
          expect(Math.max(...perNode) - Math.min(...perNode)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('the same history gives the same decisions', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 6 }), fc.nat(6), (wishes, nodes) => {
        const decideAll = () => {
          const history = startHistory({ wire: 2 });
          for (let index = 0; index < nodes; index += 1) join(history, index % 2 ? 'a' : 'b');
          for (const each of wishes) deploy(history, each);
          return settle(history, createScheduler());
        };
        expect(decideAll()).toEqual(decideAll());
      }),
      { numRuns: 30 },
    );
  });
});
