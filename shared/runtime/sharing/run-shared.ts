// Runs a reducer as one of its copies: finds the others, shares the work with them, and leaves them when it stops.
import type { Bus } from '../bus.ts';
import type { Reducer } from '../reducer.ts';
import { type ReducerLoop, type ReducerLoopOptions, runReducer } from '../reducer-loop.ts';
import { startPresence } from './presence.ts';
import { createShare, type Share } from './share.ts';

export interface SharedReducerOptions extends Omit<ReducerLoopOptions, 'reducer' | 'presence'> {
  readonly role: Reducer['name'];
  readonly bus: Bus;
  /** Ours alone, of all processes that ever were. */
  readonly copy: string;
  readonly createReducer: (share: Share) => Reducer;
}

export function runSharedReducer(options: SharedReducerOptions): ReducerLoop {
  const { role, bus, copy, createReducer, ...rest } = options;
  const presence = startPresence({ bus, clock: rest.clock, role, copy });
  const share = createShare(presence, rest.clock, () => loop.wake());
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
