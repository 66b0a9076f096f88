// The agents that `muster up` runs in its own process: nodes of one machine, all on the same backend.

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Agent,
  createFileStorage,
  type Hold,
  holdDirectory,
  loadIdentity,
  startAgent,
} from '@muster/agent';
import { type Backend, type BackendKind, createBackend } from '@muster/backends';
import { type Logger, systemClock } from '@muster/runtime';
import { type AgentReading, createMeasures, measureLog, type Telemetry } from '@muster/telemetry';
import type { ClusterConnection } from '../roles/cluster-connection.ts';
import { chooseNetworks, type NetworkFlags } from './network-settings.ts';

export interface LocalAgentOptions extends NetworkFlags {
  readonly cluster: ClusterConnection;
  readonly clusterName: string;
  readonly backend: BackendKind;
  /** Where the node keeps its id and its progress. */
  readonly dir: string;
  readonly hostname?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly heartbeatMs: number;
  readonly logger: Logger;
  /** Of this process: the agent is observed through it. */
  readonly telemetry: Telemetry;
}

export interface LocalAgent {
  readonly agent: Agent;
  readonly backend: Backend;
  /** What its node has joined with, once it has; before, the log may still tell of an earlier run. */
  readonly session: string;
  /** Removes every task of this node from the backend, and its networks from the machine. */
  removeTasks(): Promise<void>;
  /** Leaves the tasks running. */
  stop(): Promise<void>;
}

export async function startLocalAgent(options: LocalAgentOptions): Promise<LocalAgent> {
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const hold = await holdDirectory(dir);
  try {
    return await startHolding(options, hold);
  } catch (error) {
    await hold.release();
    throw error;
  }
}

async function startHolding(options: LocalAgentOptions, hold: Hold): Promise<LocalAgent> {
  const { cluster, clusterName, dir, labels, heartbeatMs, logger, telemetry } = options;
  const { nodeId, isNew } = await loadIdentity(dir);
  const nodeHostname = options.hostname ?? hostname();
  const backend = await makeBackend(options.backend, { clusterName, nodeId, nodeHostname }, { dir, logger });
  const networks =
    options.backend === 'docker'
      ? await chooseNetworks(nodeId, options, cluster.endpoints, logger)
      : undefined;
  const session = randomUUID();
  const measures = createMeasures();
  const agent = await startAgent({
    nodeId,
    isNew,
    clusterName,
    backend,
    log: measureLog(cluster.log, measures.appends),
    commands: cluster.commands,
    bus: cluster.bus,
    clock: systemClock,
    logger,
    labels,
    heartbeatMs,
    session,
    storage: createFileStorage(dir),
    ...(networks && { networks: { ...networks, onApplied: (ms) => measures.kernel.add(ms) } }),
    random: Math.random,
  });
  const forget = telemetry.observe({
    role: 'agent',
    copy: nodeHostname,
    measures,
    connection: cluster.look,
    agent: () => readAgent(agent),
    names: () => agent.health().networks?.names,
  });
  return controlAgent({ agent, backend, session }, hold, forget);
}

/** `onStopped` is called when it was stopped, not when it ended by itself. */
export function controlAgent(
  running: Pick<LocalAgent, 'agent' | 'backend' | 'session'>,
  hold: Hold,
  onStopped: () => void = () => undefined,
): LocalAgent {
  const { agent, backend } = running;
  // Another may take its place in this process. Whoever stops it is told what can't be released.
  agent.ended.then(() => hold.release()).catch(() => undefined);
  return {
    ...running,
    async removeTasks() {
      for (const run of await backend.list()) if (agent.isOurs(run)) await backend.remove(run.taskId);
      await agent.removeNetworks();
    },
    async stop() {
      await agent.stop();
      await backend.close();
      onStopped();
      await hold.release();
    },
  };
}

export function readAgent({ nodeId, health }: Agent): AgentReading {
  const { state, engineLostSince, engineLostWhy, isCutOff, tasksByState, ...counts } = health();
  return {
    nodeId,
    state,
    engineTrouble: engineLostSince === undefined ? undefined : (engineLostWhy ?? 'it has not answered yet'),
    cutOff: isCutOff,
    tasks: tasksByState,
    waitingReports: counts.waitingReports,
    reports: counts.reports,
    commands: counts.commands,
    refusedCommands: counts.refusedCommands,
    oddStatuses: counts.oddStatuses,
    started: counts.started,
    failed: counts.failed,
    imagesPulled: counts.imagesPulled,
    networks: counts.networks,
  };
}

/** The hostname of the nth of several nodes on one machine. */
export function nameLocalNode(index: number, count: number): string {
  return count === 1 ? hostname() : `node${index + 1}`;
}

function makeBackend(
  kind: BackendKind,
  node: { readonly clusterName: string; readonly nodeId: string; readonly nodeHostname: string },
  { dir, logger }: Pick<LocalAgentOptions, 'dir' | 'logger'>,
): Promise<Backend> {
  switch (kind) {
    case 'docker':
      return createBackend(kind, { ...node, sandboxDir: join(resolve(dir), 'sandboxes') });
    case 'process':
      return createBackend(kind, { ...node, stateDir: join(dir, 'tasks'), logger });
    case 'simulator':
      return createBackend(kind, { ...node, clock: systemClock });
  }
}
