// One run of chaos: services come and go while processes are killed, paused and cut off, tasks crash and machines
// die. Then the faults stop, and the cluster must become what was asked of it.
import { isDeepStrictEqual } from 'node:util';
import type { LogRecord } from '@muster/log';
import { hashState } from '@muster/state';
import { copyThroughSnapshot, describeIndices, foldAll } from '@muster/testing';
import { declareVoid, faultNames, injectFault } from './faults.ts';
import { perfectNetwork } from './network.ts';
import { createCluster, type SimulatedCluster } from './simulated-cluster.ts';
import { askSomething } from './users.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly nodes?: number;
  readonly copies?: number;
  readonly maxSkewMs?: number;
  /** Of the log; the newest by default. */
  readonly wire?: number;
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
  const { seed, nodes = 4, copies = 2, maxSkewMs = 0, faultsForMs = 120_000, calmForMs = 300_000 } = options;
  const cluster = createCluster({ seed, nodes, copies, maxSkewMs, wire: options.wire });
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
    if (chance.happens(0.5)) await askSomething(cluster);
    const fault = chance.pick(faultNames);
    faults[fault] = (faults[fault] ?? 0) + 1;
    injectFault[fault](cluster);
    if (chance.happens(0.5)) declareVoid(cluster);
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

async function calmDown(cluster: SimulatedCluster, withinMs: number): Promise<void> {
  const end = cluster.clock.now() + withinMs;
  while (cluster.clock.now() < end) {
    await cluster.run(1000);
    declareVoid(cluster);
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
  const indices = describeIndices(state);
  for (const { name, follower, process } of cluster.reducers) {
    if (!follower || !process?.alive) continue;
    if (follower.state.head !== state.head)
      throw new Error(`${name} is at ${follower.state.head}, the log at ${state.head}`);
    if (hashState(follower.state) !== hash) throw new Error(`${name} folded to another state`);
    if (!isDeepStrictEqual(describeIndices(follower.state), indices))
      throw new Error(`${name} has other indices`);
  }
  if (hashState(foldAll(cluster.network.log.records)) !== hash)
    throw new Error('folding again gave another state');
  const restored = copyThroughSnapshot(state);
  if (hashState(restored) !== hash) throw new Error('the snapshot holds another state');
  if (!isDeepStrictEqual(describeIndices(restored), indices))
    throw new Error('the snapshot leads to other indices');
  return hash;
}
