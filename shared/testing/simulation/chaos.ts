// One run of chaos: services come and go while processes are killed, paused and cut off, tasks crash and machines
// die. Then the faults stop, and the cluster must become what was asked of it.
import type { LogRecord } from '@muster/log';
import { decodeSnapshot, encodeSnapshot } from '@muster/runtime';
import { hashState } from '@muster/state';
import { foldAll } from '../given.ts';
import { perfectNetwork } from './network.ts';
import { createCluster, type Seat, type SimulatedCluster } from './simulated-cluster.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly nodes?: number;
  readonly copies?: number;
  /** How long the faults last, in virtual ms. */
  readonly faultsForMs?: number;
  /** How long the cluster has to converge once they stop. */
  readonly calmForMs?: number;
}

export interface ChaosResult {
  readonly events: number;
  readonly conflicts: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly hash: string;
}

const names = ['web', 'api', 'db', 'queue'];

/** What went wrong, with the seed that does it again and the log that led to it. */
export class ChaosFailure extends Error {
  override readonly name = 'ChaosFailure';
  constructor(
    readonly seed: number,
    readonly records: readonly LogRecord[],
    cause: Error,
  ) {
    super(`seed ${seed}: ${cause.message}`, { cause });
  }
}

/** Throws ChaosFailure when a rule is broken on the way, or the cluster has not converged in the end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, nodes = 4, copies = 2, faultsForMs = 120_000, calmForMs = 300_000 } = options;
  const cluster = createCluster({ seed, nodes, copies });
  try {
    return await survive(cluster, faultsForMs, calmForMs);
  } catch (error) {
    throw new ChaosFailure(seed, cluster.network.log.records, error as Error);
  }
}

async function survive(
  cluster: SimulatedCluster,
  faultsForMs: number,
  calmForMs: number,
): Promise<ChaosResult> {
  const { chance, network } = cluster;
  const faults: Record<string, number> = {};
  network.faults = {
    latencyMs: 20,
    lostAnswers: 0.01,
    lostAppends: 0.01,
    duplicates: 0.01,
    lostMessages: 0.02,
  };
  await cluster.start();
  const end = cluster.clock.now() + faultsForMs;
  while (cluster.clock.now() < end) {
    await cluster.run(chance.between(1, 3000));
    if (chance.happens(0.5)) await intendSomething(cluster);
    const fault = chance.pick(faultNames);
    faults[fault] = (faults[fault] ?? 0) + 1;
    injectFault[fault](cluster);
  }
  network.faults = { ...perfectNetwork, latencyMs: 5 };
  await calmDown(cluster, calmForMs);
  return {
    events: cluster.observer.state.head,
    conflicts: cluster.observer.state.conflicts,
    faults,
    hash: await checkHashes(cluster),
  };
}

async function intendSomething(cluster: SimulatedCluster): Promise<void> {
  const { chance } = cluster;
  const name = chance.pick(names);
  const verb = chance.pick(['apply', 'apply', 'scale', 'scale', 'update', 'remove'] as const);
  if (verb === 'remove') return cluster.intend('remove', name);
  if (verb === 'scale') return cluster.intend('scale', name, { replicas: chance.between(0, 6) });
  await cluster.intend(verb, name, {
    image: `${name}:${chance.between(1, 3)}`,
    replicas: chance.between(1, 5),
    restart: { condition: 'any', delay: chance.pick([0, '1s', '5s']) },
    update: {
      order: chance.pick(['stop-first', 'start-first']),
      parallelism: chance.between(0, 2),
      delay: chance.pick([0, '2s']),
    },
    resources: { reservations: { cpus: chance.pick([0, 0.05, 0.1]) } },
  });
}

type Inject = (cluster: SimulatedCluster) => void;

const injectFault = {
  none: () => undefined,
  killReducer(cluster) {
    const seat = cluster.chance.pick(cluster.reducers);
    restartLater(cluster, seat, 5000);
  },
  pauseReducer(cluster) {
    const { process } = cluster.chance.pick(cluster.reducers);
    if (!process || process.suspended) return;
    process.suspend();
    cluster.clock.schedule(cluster.chance.between(100, 20_000), () => process.resume());
  },
  cutOffReducer: (cluster) => cutOff(cluster, cluster.chance.pick(cluster.reducers)),
  cutOffNode: (cluster) => cutOff(cluster, cluster.chance.pick(cluster.nodes)),
  restartAgent(cluster) {
    const seat = cluster.chance.pick(cluster.nodes);
    restartLater(cluster, seat, 3000);
  },
  crashTask(cluster) {
    const { engine } = cluster.chance.pick(cluster.nodes);
    const running = [...engine.states()].filter((state) => state.status === 'running');
    if (running.length > 0)
      engine.kill(cluster.chance.pick(running).taskId, cluster.chance.pick([0, 1, 137]));
  },
  restartEngine(cluster) {
    const { engine } = cluster.chance.pick(cluster.nodes);
    engine.crash({
      forMs: cluster.chance.between(100, 10_000),
      tasks: cluster.chance.pick(['killed', 'kept']),
    });
  },
  crashMachine(cluster) {
    const seat = cluster.chance.pick(cluster.nodes);
    if (!seat.process) return;
    const forMs = cluster.chance.between(1000, 40_000);
    cluster.kill(seat);
    seat.engine.crash({ forMs });
    restart(cluster, seat, forMs + 100);
  },
} satisfies Record<string, Inject>;

const faultNames = Object.keys(injectFault) as (keyof typeof injectFault)[];

function restartLater(cluster: SimulatedCluster, seat: Seat, withinMs: number): void {
  if (!seat.process) return;
  cluster.kill(seat);
  restart(cluster, seat, cluster.chance.between(10, withinMs));
}

function restart(cluster: SimulatedCluster, seat: Seat, afterMs: number): void {
  cluster.clock.schedule(afterMs, () => void start(cluster, seat));
}

async function start(cluster: SimulatedCluster, seat: Seat): Promise<void> {
  if (seat.process) return;
  // What can't start is started again, as a supervisor would.
  await seat.start().catch(() => {
    cluster.kill(seat);
    restart(cluster, seat, 1000);
  });
}

function cutOff(cluster: SimulatedCluster, { process }: Seat): void {
  if (!process || cluster.network.cutOff.has(process.name)) return;
  const { name } = process;
  cluster.network.cutOff.add(name);
  cluster.network.bus.disconnect(name);
  cluster.clock.schedule(cluster.chance.between(100, 30_000), () => {
    cluster.network.cutOff.delete(name);
    cluster.network.bus.reconnect(name);
  });
}

async function calmDown(cluster: SimulatedCluster, withinMs: number): Promise<void> {
  const end = cluster.clock.now() + withinMs;
  while (cluster.clock.now() < end) {
    await cluster.run(1000);
    if (cluster.unfinished().length === 0) return;
  }
  throw new Error(
    `not converged ${withinMs / 1000} s after the faults stopped: ${cluster.unfinished().join('; ')}`,
  );
}

/** Every live follower, a fold from the beginning, and one through a snapshot agree. */
async function checkHashes(cluster: SimulatedCluster): Promise<string> {
  await cluster.run(60_000);
  const { state } = cluster.observer;
  const hash = hashState(state);
  for (const { name, follower, process } of cluster.reducers) {
    if (!follower || !process?.alive) continue;
    if (follower.state.head !== state.head)
      throw new Error(`${name} is at ${follower.state.head}, the log at ${state.head}`);
    if (hashState(follower.state) !== hash) throw new Error(`${name} folded to another state`);
  }
  if (hashState(foldAll(cluster.network.log.records)) !== hash)
    throw new Error('folding again gave another state');
  if (hashState(decodeSnapshot(encodeSnapshot(state))) !== hash)
    throw new Error('the snapshot holds another state');
  return hash;
}
