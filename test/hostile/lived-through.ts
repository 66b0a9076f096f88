// A log as it might be found, and the reducers that have to live with it: in memory, by a clock of its own.
import { createAllocator } from '@muster/allocator';
import type { RawRecord } from '@muster/events';
import { MemoryLog } from '@muster/log';
import { createOrchestrator } from '@muster/orchestrator';
import { type Follower, runReducer, silentLogger, startFollower } from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { VirtualClock } from '@muster/testing';

export interface Lived {
  readonly log: MemoryLog;
  readonly follower: Follower;
  readonly clock: VirtualClock;
  stop(): Promise<void>;
}

/** Lets so much time pass over it, with one copy of each reducer at work. */
export async function liveThrough(records: readonly RawRecord[], ms = 10_000): Promise<Lived> {
  let time: number | undefined;
  const clock = new VirtualClock({ startAt: records.at(-1)!.time + 1_000 });
  const log = new MemoryLog({ now: () => time ?? clock.now() });
  for (const record of records) {
    time = record.time;
    await log.append(record.subject, record.data);
  }
  time = undefined;
  const follower = await startFollower({ log, clock, logger: silentLogger });
  const loops = [createOrchestrator(), createAllocator(), createScheduler()].map((reducer) =>
    runReducer({ reducer, follower, log, clock, logger: silentLogger }),
  );
  await clock.advance(ms);
  return {
    log,
    follower,
    clock,
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await follower.stop();
    },
  };
}
