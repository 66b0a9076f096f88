// A reducer of services and nodes, and a world that says what is to be decided about them.
import type { EventDraft } from '@muster/events';
import {
  createService,
  decideOnce,
  type History,
  joinReadyNode,
  settle,
  startHistory,
} from '@muster/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reducer } from '../reducers/reducer.ts';
import { RETRY_BROKEN_MS } from '../sharing/faults.ts';
import { alone, type Share } from '../sharing/share.ts';
import { attend, attendInTurn } from './attend.ts';
import { type Look, type LookedAfter, lookAfter } from './look-after.ts';

let history: History;
let ids: string[];
/** What a look finds. */
let found: Map<string, Look | Error>;
beforeEach(() => {
  history = startHistory();
  ids = ['one', 'two', 'three'].map((name) => createService(history, name, {}, { allocated: false }).id);
  found = new Map(ids.map((id) => [id, { event: failedFor(id) }]));
});

const failedFor = (serviceId: string, message = 'no'): EventDraft => {
  const { seq } = history.state.services.get(serviceId)!.version;
  return { type: 'service.allocation_failed', cause: seq, serviceId, specVersion: seq, message };
};

function look(_state: unknown, id: string): Look | undefined {
  const what = found.get(id);
  if (what instanceof Error) throw what;
  return what;
}

const services = (more: Partial<LookedAfter> = {}): LookedAfter => ({
  name: 'services',
  subject: 'service',
  perRound: 2,
  concerned: (_state, { services }) => services,
  look,
  ...more,
});

const self = { name: 'allocator' } as const;
const attendTo = (...kinds: LookedAfter[]): Reducer =>
  attendInTurn(
    self,
    kinds.map((kind) => lookAfter(self, kind)),
  );
const decided = (reducer: Reducer, now = history.now) =>
  reducer.decide(history.state, now).map(({ event }) => 'serviceId' in event && event.serviceId);

describe('in a round', () => {
  it('decides so much and no more, and has what was decided at the end of the line until nothing is found', () => {
    const reducer = attendTo(services());
    reducer.notice(history.state, history.changes);
    const [one, two, three] = ids;
    expect([decided(reducer), decided(reducer)]).toEqual([
      [one, two],
      [three, one],
    ]);
    found.clear();
    expect([decided(reducer), reducer.backlog!()]).toEqual([[], { services: 0, held: 0 }]);
  });

  it('expects the last sequence on the subject of what it decides', () => {
    const reducer = attendTo(services());
    history.append(failedFor(ids[0]!));
    const last = history.append(failedFor(ids[0]!, 'still no'));
    expect(decideOnce(history, reducer).map(({ expect }) => expect)).toEqual([last, 0]);
  });

  it('tells what is given, between one beginning and the next', () => {
    const [beginRound, give] = [vi.fn(), vi.fn()];
    const reducer = attendTo(services({ beginRound, give }));
    decideOnce(history, reducer);
    decideOnce(history, reducer);
    expect([beginRound.mock.calls.length, give.mock.calls.length]).toEqual([2, 4]);
    expect(beginRound.mock.invocationCallOrder[1]).toBeGreaterThan(give.mock.invocationCallOrder[1]!);
  });

  it('ends a turn where its decisions weigh enough', () => {
    const reducer = attendTo(services({ perTurn: { weight: 3, weigh: () => 3 } }));
    expect(decideOnce(history, reducer)).toHaveLength(1);
  });
});

describe('of several kinds', () => {
  const nodes = (more: Partial<LookedAfter> = {}): LookedAfter => ({
    name: 'nodes',
    subject: 'node',
    perRound: 9,
    concerned: (_state, changes) => changes.nodes,
    look: () => undefined,
    ...more,
  });

  it('each has its own objects, subjects and bounds', () => {
    joinReadyNode(history, 'n1');
    const looked = vi.fn();
    const reducer = attendTo(services(), nodes({ look: (_state, id) => looked(id) }));
    expect(decideOnce(history, reducer)).toHaveLength(2);
    expect(looked.mock.calls).toEqual([['n1']]);
  });

  it('one decision has its place on a subject, and who wanted the same is looked at again', () => {
    joinReadyNode(history, 'n1');
    const reducer = attendTo(
      services({ perRound: 9 }),
      nodes({ look: () => ({ event: failedFor(ids[1]!, 'another') }) }),
    );
    expect(decideOnce(history, reducer).map(({ event }) => event)).toEqual(ids.map((id) => failedFor(id)));
    found.clear();
    expect(decideOnce(history, reducer).map(({ event }) => event)).toEqual([failedFor(ids[1]!, 'another')]);
  });

  it('a copy is told once whose decision it was', () => {
    const share: Share = { ...alone, noteDecision: vi.fn() };
    const both = ['services', 'names'].map((name) =>
      lookAfter({ ...self, share }, services({ name, keyOf: (_state, id) => `key of ${id}` })),
    );
    const { noteDecision } = attend({ ...self, share }, both);
    const fact = { address: { kind: 'service', id: 'one' } } as Parameters<typeof noteDecision>[1];
    noteDecision(history.state, fact);
    expect(vi.mocked(share.noteDecision).mock.calls).toEqual([['key of one']]);
  });
});

it('decides about some alone, as far as they are in line', () => {
  const list = lookAfter(self, services());
  const reducer = attend(self, [list]);
  reducer.notice(history.state, history.changes);
  list.claim(ids[1]!);
  const round = reducer.startRound(history.state, history.now);
  const decisions = list.decide(round, [ids[2]!, ids[1]!, 'unknown']);
  expect(decisions.map(({ event }) => event)).toEqual([failedFor(ids[2]!)]);
  // Not a second time in the round, in which there is place for one more.
  expect(list.decide(round).map(({ event }) => event)).toEqual([failedFor(ids[0]!)]);
});

it('looks again when a look has said so', () => {
  const reducer = attendTo(services());
  const later = history.now + 5_000;
  found = new Map([[ids[0]!, { wakeAt: later }]]);
  expect([decideOnce(history, reducer), reducer.nextWake()]).toEqual([[], later]);
  found.set(ids[0]!, { event: failedFor(ids[0]!) });
  expect([decided(reducer, later - 1), decided(reducer, later)]).toEqual([[], [ids[0]]]);
});

it('leaves out for a while what meets a bug, and tells of it when there is nothing else to do', () => {
  const reducer = attendTo(services());
  found.set(ids[0]!, new Error('a bug'));
  expect(decided(reducer)).toEqual([]);
  reducer.notice(history.state, history.changes);
  expect(decided(reducer)).toEqual([ids[1], ids[2]]);
  found.delete(ids[1]!);
  found.delete(ids[2]!);
  expect(() => settle(history, reducer)).toThrow('a bug');
  expect(settle(history, reducer)).toEqual([]);
  found.set(ids[0]!, { event: failedFor(ids[0]!) });
  expect(decided(reducer, history.now + RETRY_BROKEN_MS)).toEqual([ids[0]]);
});
