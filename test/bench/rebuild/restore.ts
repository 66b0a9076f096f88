// A start in a process of its own, as every role starts: the state from the log alone, or from the latest snapshot and what
// came after it; and, if wanted, a snapshot taken of it while the log could be followed.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { compileChecks } from '@muster/events';
import { JetStreamLog, JetStreamSnapshotStore } from '@muster/log';
import {
  connectNats,
  silentLogger,
  startFollower,
  systemClock,
  takeSnapshot,
  takeSteps,
} from '@muster/runtime';
import { atEnd } from '../cleanup.ts';
import { spawnSelf } from '../own-child.ts';
import { readPeakMemory } from '../processes.ts';
import { describeOutcome, type Outcome } from '../replay/readers.ts';

export const ways = ['log', 'snapshot', 'take'] as const;
export type Way = (typeof ways)[number];

export interface Restored {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** The longest that nothing else had its turn. */
  readonly pauseMs: number;
  readonly outcome: Outcome;
}

/** The delay is measured by a timer of so many ms, which is late by as much as others take. */
const RESOLUTION_MS = 1;

/** In this process. */
export async function restore(url: string, way: Way): Promise<Restored> {
  const nc = await connectNats(url, { name: 'bench-restore' });
  const log = new JetStreamLog(nc);
  const snapshots = new JetStreamSnapshotStore(nc);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const begin = () => {
    delay.reset();
    delay.enable();
    return { at: performance.now(), cpu: process.cpuUsage() };
  };
  let started = begin();
  await takeSteps(compileChecks(), systemClock);
  const follower = await startFollower({
    log,
    clock: systemClock,
    logger: silentLogger,
    ...(way === 'snapshot' && { snapshots }),
  });
  if (way === 'take') {
    started = begin();
    await takeSnapshot(snapshots, follower.state, systemClock);
  }
  const seconds = (performance.now() - started.at) / 1000;
  const { user, system } = process.cpuUsage(started.cpu);
  // What was late just now is counted when the timer comes around.
  await new Promise((resolve) => setTimeout(resolve, 10));
  delay.disable();
  const result: Restored = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMb: readPeakMemory(process.pid),
    pauseMs: delay.max / 1e6,
    outcome: describeOutcome(follower.state),
  };
  await follower.stop();
  await log.close();
  await nc.close();
  return result;
}

/** In a child. */
export async function restoreInOwnProcess(url: string, way: Way): Promise<Restored> {
  const child = spawnSelf(['rebuild', '--nats', url, '--way', way]);
  atEnd(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  const [output, code] = await Promise.all([text(child.stdout!), ended]);
  if (code !== 0) throw new Error(`restoring by "${way}" ended with ${code}`);
  return JSON.parse(output);
}
