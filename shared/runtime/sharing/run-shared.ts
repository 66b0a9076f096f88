// Runs a reducer as one of its copies: shares the work with the others, and leaves them when it stops.
import type { Log } from '@muster/log';
import type { Follower } from '../following/follower.ts';
import type { Reducer } from '../reducers/reducer.ts';
import { type ReducerLoop, type ReducerLoopOptions, runReducer } from '../reducers/reducer-loop.ts';
import type { Presence } from './presence.ts';
import { createShare, type Share } from './share.ts';

export interface SharedReducerOptions extends Omit<ReducerLoopOptions, 'reducer' | 'presence'> {
  /** Our place among the copies of this reducer; stopped with it. */
  readonly presence: Presence;
  readonly createReducer: (share: Share) => Reducer;
}

export function runSharedReducer(options: SharedReducerOptions): ReducerLoop {
  const { presence, createReducer, ...rest } = options;
  const { follower, log, clock } = rest;
  const share = createShare(presence, {
    clock,
    onChange: () => loop.wake(),
    beLevel: () => catchUp(log, follower),
    head: () => follower.state.head,
  });
  presence.takePart(true);
  const loop = runReducer({ ...rest, reducer: createReducer(share), presence });
  return {
    stats: loop.stats,
    wake: loop.wake,
    async stop() {
      presence.stop();
      await loop.stop();
    },
  };
}

/** Resolves when all that the log has now is folded. */
export async function catchUp(log: Pick<Log, 'head'>, follower: Pick<Follower, 'waitFor'>): Promise<void> {
  await follower.waitFor(await log.head());
}
