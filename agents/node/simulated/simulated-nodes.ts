// Simulated nodes by the thousand in one process, for rehearsals and load tests: real agents on simulated engines that
// share one connection and one reading of the commands. Their tasks end with the process.
import { randomUUID } from 'node:crypto';
import { type Backend, createBackend, type SimulatorOptions } from '@muster/backends';
import { deriveId } from '@muster/model';
import { startAgent } from '../agent.ts';
import type { Agent, AgentOptions } from '../agent-options.ts';
import { followClusterRecord } from '../commands/cluster-record.ts';
import { shareCommands } from '../commands/share-commands.ts';
import { tickTogether } from './tick-together.ts';

type Shared = Pick<
  AgentOptions,
  'clusterName' | 'log' | 'commands' | 'bus' | 'clock' | 'logger' | 'random' | 'heartbeatMs'
>;

export interface SimulatedNodesOptions extends Shared {
  /** Whose nodes they are: the same id gives the same nodes. */
  readonly ownerId: string;
  /** It was drawn for this start. */
  readonly isNew: boolean;
  readonly count: number;
  readonly hostnameOf: (index: number) => string;
  readonly labelsOf: (index: number) => Readonly<Record<string, string>>;
  readonly resources?: SimulatorOptions['resources'];
  readonly behaviour?: SimulatorOptions['behaviour'];
  readonly signal?: AbortSignal;
}

export interface SimulatedNode {
  readonly agent: Agent;
  readonly backend: Backend;
  readonly session: string;
}

/** Agents that join at the same time. */
const START_TOGETHER = 256;
/** Heartbeats may be so late. */
const TICK_MS = 50;

/**
 * Resolves when all of them have joined and read their commands. Throws when one can't, or the signal is aborted
 * before, having stopped the others.
 */
export async function startSimulatedNodes(options: SimulatedNodesOptions): Promise<readonly SimulatedNode[]> {
  const { ownerId, count, hostnameOf, labelsOf, resources, behaviour, signal, ...shared } = options;
  const nodeIds = Array.from({ length: count }, (_, index) => deriveId('simulated-node', ownerId, index));
  const commands = shareCommands(options.commands, nodeIds);
  const clock = tickTogether(options.clock, TICK_MS);
  const { log, bus, logger } = options;
  const clusterRecord = followClusterRecord({
    log,
    bus,
    clock: options.clock,
    logger,
    signal: signal ?? new AbortController().signal,
  });
  const nodes: SimulatedNode[] = [];
  let next = 0;
  let failed = false;

  async function startSome(): Promise<void> {
    for (let index = next++; index < count; index = next++) {
      const nodeId = nodeIds[index]!;
      const backend = await createBackend('simulator', {
        clusterName: options.clusterName,
        nodeId,
        nodeHostname: hostnameOf(index),
        clock: options.clock,
        ...(resources && { resources }),
        ...(behaviour && { behaviour }),
      });
      const labels = labelsOf(index);
      const session = randomUUID();
      const agent = await startAgent({
        ...shared,
        clusterRecord,
        clock,
        nodeId,
        backend,
        commands,
        labels,
        session,
      });
      nodes[index] = { agent, backend, session };
      if (failed) agent.kill();
      await agent.ready;
      signal?.throwIfAborted();
    }
  }

  try {
    await Promise.all(Array.from({ length: START_TOGETHER }, startSome));
  } catch (error) {
    failed = true;
    next = count;
    for (const node of nodes) node?.agent.kill();
    throw error;
  }
  return nodes;
}
