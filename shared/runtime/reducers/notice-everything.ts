// At start-up everything is worth a look. Services, nodes and networks are looked at at once; tasks, of which there may be
// millions, in portions, with turns of the event loop between them: nothing else has to wait until all were seen.
import type { ClusterState } from '@muster/state';
import type { Clock, Timer } from '../clock.ts';
import type { Noticed, Reducer } from './reducer.ts';

/** A portion takes a millisecond or two. */
export const TASKS_PER_TURN = 4_096;

/** Tells the reducer of all there is; of most tasks later, unless it is stopped. Nobody who doesn't look pays for it. */
export function noticeEverything(reducer: Reducer, state: ClusterState, clock: Clock): { stop(): void } {
  const tasks = state.tasks.keys()[Symbol.iterator]();
  let timer: Timer | undefined;

  function notice(others: Omit<Noticed, 'tasks'>): void {
    let taken = 0;
    function* takePortion(): Generator<string> {
      for (; taken < TASKS_PER_TURN; taken += 1) {
        const next = tasks.next();
        if (next.done) return;
        yield next.value;
      }
    }
    reducer.notice(state, { ...others, tasks: takePortion() });
    if (taken === TASKS_PER_TURN) timer = clock.schedule(0, () => notice(nothing));
  }

  notice({
    services: idsOf(state.services),
    nodes: idsOf(state.nodes),
    networks: idsOf(state.networks),
    intents: idsOf(state.intents),
    poison: idsOf(state.poison),
  });
  return { stop: () => timer?.cancel() };
}

const nothing = { services: [], nodes: [], networks: [], intents: [], poison: [] };

function idsOf<Id>(objects: { keys(): Iterable<Id> }): Iterable<Id> {
  return { [Symbol.iterator]: () => objects.keys()[Symbol.iterator]() };
}
