// The ways to read a whole log, from the bare callback to folded state: what each layer adds is the difference. One of
// them runs in a process of its own, so that its memory is its own.
import { decode } from '@muster/events';
import { JetStreamLog, LOG_STREAM } from '@muster/log';
import { connectNats, silentLogger, startFollower, systemClock } from '@muster/runtime';
import type { ClusterState } from '@muster/state';
import { readMemory } from '../processes.ts';
import { consumeRaw } from './consume-raw.ts';

type Connection = Awaited<ReturnType<typeof connectNats>>;

export interface Reading {
  readonly seconds: number;
  /** Processor time of the reading process in these seconds. */
  readonly cpuSeconds: number;
  readonly heapMb: number;
  readonly rssMb: number;
  /** Of the folded state, where there is one. */
  readonly outcome?: Outcome;
}

/** What every fold of a log must come to, and its writer's own. Not the hash: the server's clock is in it. */
export interface Outcome {
  readonly head: number;
  readonly services: number;
  readonly tasks: number;
  readonly conflicts: number;
}

export function describeOutcome({ head, services, tasks, conflicts }: ClusterState): Outcome {
  return { head, services: services.size, tasks: tasks.size, conflicts };
}

/** Each resolves with what keeps the state alive, so that memory can be measured with it. */
const readers: Readonly<
  Record<string, (nc: Connection, count: number) => Promise<ClusterState | undefined>>
> = {
  async callback(nc, count) {
    await consumeRaw(nc, LOG_STREAM, count, () => undefined);
    return undefined;
  },
  async json(nc, count) {
    const utf8 = new TextDecoder();
    await consumeRaw(nc, LOG_STREAM, count, (data) => JSON.parse(utf8.decode(data)));
    return undefined;
  },
  log: (nc) => followAll(nc, () => undefined),
  decode: (nc) => followAll(nc, decode),
  async fold(nc) {
    const log = new JetStreamLog(nc);
    const { state } = await startFollower({ log, clock: systemClock, logger: silentLogger });
    return state;
  },
};

export const readerNames = Object.keys(readers);

async function followAll(
  nc: Connection,
  onRecord: Parameters<JetStreamLog['follow']>[0]['onRecord'] | typeof decode,
): Promise<undefined> {
  const log = new JetStreamLog(nc);
  await new Promise<void>((resolve, reject) => {
    log.follow({ from: 1, onRecord, onCaughtUp: resolve, onError: reject }).catch(reject);
  });
  await log.close();
}

export async function read(name: string, url: string, count: number): Promise<Reading> {
  const nc = await connectNats(url, { name: `bench ${name}` });
  const started = performance.now();
  const cpuStarted = process.cpuUsage();
  const state = await readers[name]!(nc, count);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpuStarted);
  const rssMb = readMemory(process.pid);
  globalThis.gc?.();
  const heapMb = process.memoryUsage().heapUsed / 2 ** 20;
  await nc.close();
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    heapMb,
    rssMb,
    ...(state && { outcome: describeOutcome(state) }),
  };
}
