// Runs a reducer as one of its copies: shares the work with the others, and leaves them when it stops.
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
  const share = createShare(presence, rest.clock, () => loop.wake());
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
