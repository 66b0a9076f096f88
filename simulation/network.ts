// What lies between the processes: a memory log, command store and bus whose messages take time, arrive late, are
// stored though the answer is lost, or do not get through at all. Faults are drawn from the seed.
import {
  type AppendResult,
  LogUnavailableError,
  MemoryCommandStore,
  MemoryEndpointStore,
  MemoryLog,
  MemorySnapshotStore,
} from '@muster/log';
import { type Clock, MemoryBus, sleep } from '@muster/runtime';
import type { Chance } from './chance.ts';
import type { SimulatedProcess } from './simulated-process.ts';

export interface NetworkFaults {
  /** Longest way of a message, in ms. */
  latencyMs: number;
  /** Chance that an append is stored and its answer lost. */
  lostAnswers: number;
  /** Chance that an append does not arrive. */
  lostAppends: number;
  /** Chance that an append without compare-and-set is stored twice. */
  duplicates: number;
  /** Chance that a bus message is lost. */
  lostMessages: number;
}

export const perfectNetwork: NetworkFaults = {
  latencyMs: 0,
  lostAnswers: 0,
  lostAppends: 0,
  duplicates: 0,
  lostMessages: 0,
};

export interface AppendMoment {
  readonly process: SimulatedProcess | undefined;
  readonly subject: string;
  /** Counts all appends of the run, from 1. */
  readonly index: number;
  readonly when: 'before' | 'after';
}

export interface Network {
  readonly log: MemoryLog;
  readonly commands: MemoryCommandStore;
  readonly endpoints: MemoryEndpointStore;
  readonly bus: MemoryBus;
  readonly snapshots: MemorySnapshotStore;
  faults: NetworkFaults;
  /** Clients that can't reach anybody. */
  readonly cutOff: Set<string>;
  /** Clients that reach the log and the commands, and nobody on the bus. */
  readonly deaf: Set<string>;
  /** Clients that reach the bus and nothing else. */
  readonly withoutLog: Set<string>;
  readonly processes: Map<string, SimulatedProcess>;
  /** Called around every append to the log: where a test kills the writer. */
  onAppend: (moment: AppendMoment) => void;
}

const never = new Promise<never>(() => undefined);

export function createNetwork(clock: Clock, chance: Chance): Network {
  const processes = new Map<string, SimulatedProcess>();
  const cutOff = new Set<string>();
  const deaf = new Set<string>();
  const withoutLog = new Set<string>();
  const isOff = (name: string) => cutOff.has(name) || deaf.has(name);
  let appends = 0;
  /** Deliveries to one client stay in order: none overtakes the one before. */
  const busyUntil = new Map<string, number>();

  function deliver(client: string, step: () => void, isOff = (name: string) => cutOff.has(name)): void {
    const process = processes.get(client);
    const { latencyMs } = network.faults;
    if (!process && latencyMs === 0) {
      queueMicrotask(step);
      return;
    }
    const earliest = Math.max(clock.now() + chance.next() * latencyMs, busyUntil.get(client) ?? 0);
    busyUntil.set(client, earliest);
    const attempt = () => {
      if (isOff(client)) clock.schedule(50, attempt);
      else if (process) process.run(step);
      else step();
    };
    if (earliest <= clock.now()) queueMicrotask(attempt);
    else clock.schedule(earliest - clock.now(), attempt);
  }

  const deliverStored = (client: string, step: () => void) =>
    deliver(client, step, (name) => cutOff.has(name) || withoutLog.has(name));

  async function travel(
    client: string,
    hasExpectation: boolean,
    store: () => AppendResult,
    moment?: (when: 'before' | 'after') => void,
  ) {
    const process = processes.get(client);
    const { latencyMs, lostAnswers, lostAppends, duplicates } = network.faults;
    if (process && !process.alive) return never;
    moment?.('before');
    if (process && !process.alive) return never;
    if (cutOff.has(client) || withoutLog.has(client) || chance.happens(lostAppends)) {
      await sleep(clock, 200);
      if (process && !process.alive) return never;
      throw new LogUnavailableError('the simulated network lost it');
    }
    if (latencyMs > 0) await sleep(clock, chance.next() * latencyMs);
    const result = store();
    if (!hasExpectation && chance.happens(duplicates)) store();
    moment?.('after');
    if (latencyMs > 0) await sleep(clock, chance.next() * latencyMs);
    if (process && !process.alive) return never;
    if (chance.happens(lostAnswers)) throw new LogUnavailableError('the simulated network lost the answer');
    return new Promise<AppendResult>((resolve) =>
      process ? process.run(() => resolve(result)) : resolve(result),
    );
  }

  const now = () => clock.now();
  const server = () => network.bus.client('server');
  const network: Network = {
    log: new MemoryLog({
      now,
      deliver: deliverStored,
      maxRecordBytes: 8 * 1024 * 1024,
      intercept(append, store) {
        appends += 1;
        const index = appends;
        const process = processes.get(append.client);
        const { subject, data } = append;
        // The server tells whoever listens of what it stores.
        const storeAloud = () => {
          const result = store();
          if (result.ok) server().publish(subject, data);
          return result;
        };
        return travel(append.client, append.options.expectLastSubjectSeq !== undefined, storeAloud, (when) =>
          network.onAppend({ process, subject, index, when }),
        );
      },
    }),
    commands: new MemoryCommandStore({
      now,
      deliver: deliverStored,
      intercept: (put, store) => travel(put.client, true, store),
    }),
    endpoints: new MemoryEndpointStore({
      now,
      deliver: deliverStored,
      intercept: (put, store) => travel(put.client, true, store),
    }),
    bus: new MemoryBus({
      clock,
      deliver,
      drop: (from, to) => isOff(from) || isOff(to) || chance.happens(network.faults.lostMessages),
    }),
    snapshots: new MemorySnapshotStore(),
    faults: { ...perfectNetwork },
    cutOff,
    deaf,
    withoutLog,
    processes,
    onAppend: () => undefined,
  };
  return network;
}
