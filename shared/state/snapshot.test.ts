import { deriveServiceId, normaliseServiceSpec } from '@muster/model';
import {
  assign,
  decodeAll,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  startHistory,
  tasksOf,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChanges } from './changes.ts';
import { evolve } from './evolve.ts';
import { hashState } from './hash.ts';
import { listRows, type Row, restoreRows } from './snapshot.ts';
import { type ClusterState, createState } from './state.ts';

/** A history that touches every kind of row. */
function tellStory(): History {
  const history = startHistory();
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  const intent = history.intend('apply', 'web', {
    image: 'nginx',
    replicas: 2,
    ports: [{ target: 80, mode: 'host' }],
  });
  history.append({
    type: 'service.created',
    cause: intent,
    actor: 'ana',
    serviceId: deriveServiceIdOf(intent),
    spec: specOf(history),
  });
  const { id, version } = serviceNamed(history.state, 'web');
  history.append({
    type: 'service.reconciled',
    cause: version.seq,
    serviceId: id,
    specVersion: version.seq,
    created: [
      { id: 'a', slot: 1 },
      { id: 'b', slot: 2 },
      { id: 'c', slot: 3 },
    ],
    why: ['scale up'],
  });
  const ports = [{ ...version.requestedPorts[0]!, publishedPort: 30000 }];
  history.append({
    type: 'service.allocated',
    cause: version.seq,
    serviceId: id,
    specVersion: version.seq,
    ports,
  });
  history.append({
    type: 'tasks.unschedulable',
    cause: 1,
    serviceId: id,
    specVersion: version.seq,
    message: 'no',
    refused: [],
  });
  assign(history, 'n1', 'a');
  assign(history, 'n2', 'b');
  report(history, 'n1', { id: 'a', state: 'running' });
  report(
    history,
    'n2',
    { id: 'b', state: 'failed', err: 'task: non-zero exit (1)', exitCode: 1 },
    { id: 'stray', state: 'running' },
  );
  history.append({
    type: 'service.reconciled',
    cause: history.state.head,
    serviceId: id,
    specVersion: version.seq,
    created: [
      {
        id: 'd',
        slot: 2,
        generation: 2,
        desired: 'ready',
        startAt: history.now + 5000,
        replaces: 'b',
        cause: 'restart',
      },
    ],
    desired: [
      { id: 'b', state: 'shutdown' },
      { id: 'c', state: 'remove' },
    ],
    why: ['restart'],
  });
  history.append({
    type: 'node.status_changed',
    cause: 1,
    nodeId: 'n1',
    status: 'down',
    message: 'heartbeat failure',
  });
  history.intend('scale', 'web', { replicas: 5 });
  history.record('muster.event.agent.node.n1', new TextEncoder().encode('nonsense'));
  return history;
}

const deriveServiceIdOf = (intent: number) => deriveServiceId('web', intent);
function specOf(history: History) {
  const normalised = normaliseServiceSpec([...history.state.intents.values()][0]!.body, 'web');
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}

const throughJson = (state: ClusterState) =>
  restoreRows([...listRows(state)].map((row) => JSON.parse(JSON.stringify(row)) as Row));

/** The indices of a state, as ids, so that two states can be compared. */
function indicesOf(state: ClusterState) {
  return {
    services: [...state.services.values()].map((service) => ({
      occupied: service.occupiedSlots,
      highest: service.highestSlot,
      sets: [service.dead, service.waiting, service.pending, service.reapable].map((set) =>
        [...set].map((task) => task.id).sort(),
      ),
      slots: [service.outdated, service.settling, service.doubled, service.crowded].map((set) =>
        [...set].map((slot) => slot.number).sort(),
      ),
    })),
    nodes: [...state.nodes.values()].map((node) => ({
      active: node.activeTasks,
      byService: [...node.activeByService],
      reserved: node.reserved,
      ports: [...node.hostPorts],
      tasks: [...node.tasks.keys()].sort(),
    })),
  };
}

describe('snapshots', () => {
  it('restore to the same hash and the same indices', () => {
    const { state } = tellStory();
    const restored = throughJson(state);
    expect(hashState(restored)).toBe(hashState(state));
    expect(indicesOf(restored)).toEqual(indicesOf(state));
  });

  it('at any point, plus the tail, equal the whole', () => {
    const { records, state } = tellStory();
    const facts = decodeAll(records);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: facts.length }), (cut) => {
        const before = createState();
        for (const fact of facts.slice(0, cut)) evolve(before, fact, createChanges());
        const restored = throughJson(before);
        for (const fact of facts.slice(cut)) evolve(restored, fact, createChanges());
        expect(hashState(restored)).toBe(hashState(state));
        expect(indicesOf(restored)).toEqual(indicesOf(state));
      }),
    );
  });

  it('are refused when a row is unknown', () => {
    expect(() => restoreRows([['planet', {}]])).toThrow('unknown row "planet"');
  });
});

describe('the state hash', () => {
  it('is the same for the same log', () => {
    const facts = decodeAll(tellStory().records);
    const again = createState();
    for (const fact of facts) evolve(again, fact, createChanges());
    expect(hashState(again)).toBe(hashState(tellStory().state));
  });

  it('differs after every single fact', () => {
    const state = createState();
    const hashes = new Set([hashState(state)]);
    const facts = decodeAll(tellStory().records);
    for (const fact of facts) {
      evolve(state, fact, createChanges());
      hashes.add(hashState(state));
    }
    expect(hashes.size).toBe(facts.length + 1);
  });

  it('tells one field of one task apart', () => {
    const history = tellStory();
    const before = hashState(history.state);
    tasksOf(serviceNamed(history.state, 'web'))[0]!.exitCode = 3;
    expect(hashState(history.state)).not.toBe(before);
  });
});
