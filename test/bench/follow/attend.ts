// One copy in a process of its own: it follows, folds, notices and looks, and finds that everything is another copy's.
import { createInterface } from 'node:readline';
import { createAllocator } from '@muster/allocator';
import { createDispatcher } from '@muster/dispatcher';
import { compileChecks } from '@muster/events';
import { JetStreamLog } from '@muster/log';
import { createOrchestrator } from '@muster/orchestrator';
import {
  alone,
  connectNats,
  type Reducer,
  runReducer,
  type Share,
  silentLogger,
  startFollower,
  systemClock,
  takeSteps,
} from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { atEnd } from '../cleanup.ts';
import { spawnSelf } from '../own-child.ts';

export interface Followed {
  readonly microsPerRecord: number;
  readonly recordsPerTurn: number;
  /** The same records once more, all at once, by code that is compiled. */
  readonly replayMicrosPerRecord: number;
}

const HEARTBEAT_MS = 5_000;

/** Another copy has all of it, and is never suspected. */
const spectating: Share = {
  ...alone,
  ahead: () => 'another',
  excusedUntil: () => Number.MAX_SAFE_INTEGER,
  now: () => systemClock.now(),
};

const reducers: Readonly<Record<string, (share: Share) => Reducer | undefined>> = {
  none: () => undefined,
  orchestrator: (share) => createOrchestrator({ share }),
  allocator: (share) => createAllocator({ share }),
  scheduler: (sharing) => createScheduler({ sharing }),
  dispatcher: (share) => createDispatcher({ share, heartbeatMs: HEARTBEAT_MS }),
};

export const roles = Object.keys(reducers);

/** In this process: says when it has read the first `warm` records, and what became of those up to `end`. */
export async function attend(role: string, url: string, warm: number, end: number): Promise<void> {
  const nc = await connectNats(url, { name: `bench ${role}` });
  const log = new JetStreamLog(nc);
  await takeSteps(compileChecks(), systemClock);
  const common = { log, clock: systemClock, logger: silentLogger };
  const follower = await startFollower(common);
  const reducer = reducers[role]!(spectating);
  const loop = reducer && runReducer({ ...common, reducer, follower });
  let turns = 0;
  follower.onTurn(() => {
    turns += 1;
  });
  // What noticing everything takes is no part of it.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = process.cpuUsage();
  process.stdout.write('ready\n');
  await follower.waitFor(end);
  const microsPerRecord = microsSince(before) / (end - warm);
  await loop?.stop();
  await follower.stop();
  const again = process.cpuUsage();
  await (await startFollower(common)).stop();
  const replayMicrosPerRecord = microsSince(again) / end;
  const followed: Followed = { microsPerRecord, recordsPerTurn: (end - warm) / turns, replayMicrosPerRecord };
  process.stdout.write(`${JSON.stringify(followed)}\n`);
  await log.close();
  await nc.close();
}

function microsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** In a child. */
export function followInOwnProcess(role: string, args: readonly string[]) {
  const child = spawnSelf(['follow', '--roles', role, ...args]);
  atEnd(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`following as ${role} has failed`);
    return value;
  };
  const ready = next();
  const outcome = ready.then(async () => JSON.parse(await next()) as Followed);
  return { ready, outcome };
}
