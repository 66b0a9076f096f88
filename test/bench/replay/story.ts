// The log of a cluster's life, the same for the same seed: written by the real orchestrator, allocator and scheduler, with
// agents and users that are played here. Half of it is containers that fail and are replaced; the rest is people who
// scale, update, remove and mistype. One record at a time, in log order.
import { createAllocator } from '@muster/allocator';
import { composeEvent, type EventDraft, encodeJson, intentSubject } from '@muster/events';
import { createOrchestrator } from '@muster/orchestrator';
import type { Reducer } from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { type Chance, seedChance } from '@muster/simulation';
import { clearChanges, createChanges, createState, type FoldedState, foldRecord } from '@muster/state';
import { createAgents } from './story-agents.ts';
import { createUsers, type Intent } from './story-users.ts';

export interface StoryOptions {
  /** At least so many: the story ends with a tick. */
  readonly events: number;
  readonly nodes: number;
  readonly services: number;
  readonly replicas: number;
  readonly seed: number;
}

export interface Written {
  readonly subject: string;
  readonly data: Uint8Array;
}

export interface Story {
  readonly records: Generator<Written>;
  /** As folded on the way. */
  readonly state: FoldedState;
}

const START_TIME = Date.UTC(2026, 0, 1);
const TICK_MS = 200;

export function tellStory(options: StoryOptions): Story {
  const state = createState();
  return { state, records: write(state, options) };
}

function* write(state: FoldedState, options: StoryOptions): Generator<Written> {
  const chance: Chance = seedChance(options.seed);
  const reducers: readonly Reducer[] = [createOrchestrator(), createAllocator(), createScheduler()];
  const changes = createChanges();
  const agents = createAgents(chance);
  const users = createUsers(chance, options);
  let now = START_TIME;
  let written: Written[] = [];

  function record(one: Written): void {
    written.push(one);
    foldRecord(state, { seq: state.head + 1, time: now, ...one }, changes);
  }

  function append(event: EventDraft): void {
    record(composeEvent(event, now));
  }

  function intend({ actor, verb, name, body }: Intent): void {
    record({ subject: intentSubject(actor, 'service', verb, name), data: encodeJson(body) });
  }

  /** Each reducer decides on what the one before has written, until none has anything to say. */
  function settle(): void {
    let quiet = 0;
    for (let turn = 0; quiet < reducers.length; turn += 1) {
      for (const reducer of reducers) reducer.notice(state, changes);
      agents.notice(state, changes);
      clearChanges(changes);
      const decisions = reducers[turn % reducers.length]!.decide(state, now);
      for (const { event } of decisions) append(event);
      quiet = decisions.length > 0 ? 0 : quiet + 1;
    }
  }

  for (const event of agents.join(options.nodes)) append(event);
  while (state.head < options.events) {
    for (const intent of users.tick(state)) intend(intent);
    for (const report of agents.tick(state)) append(report);
    settle();
    yield* written;
    written = [];
    now += TICK_MS;
  }
}
