// The agents that `muster up` runs in its own process: nodes of one machine, all on the same backend.

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Agent, createFileStorage, loadIdentity, startAgent } from '@muster/agent';
import { type Backend, type BackendKind, createBackend } from '@muster/backends';
import { type Logger, systemClock } from '@muster/runtime';
import { type AgentReading, createMeasures, measureLog, type Telemetry } from '@muster/telemetry';
import type { ClusterConnection } from '../roles/cluster-connection.ts';

export interface LocalAgentOptions {
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
  /** Removes every task of this node from the backend. */
  removeTasks(): Promise<void>;
  /** Leaves the tasks running. */
  stop(): Promise<void>;
}

export async function startLocalAgent(options: LocalAgentOptions): Promise<LocalAgent> {
  const { cluster, clusterName, dir, labels, heartbeatMs, logger, telemetry } = options;
  await mkdir(dir, { recursive: true });
  const { nodeId, isNew } = await loadIdentity(dir);
  const nodeHostname = options.hostname ?? hostname();
  const backend = await makeBackend(options.backend, { clusterName, nodeId, nodeHostname }, dir);
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
    random: Math.random,
  });
  const forget = telemetry.observe({
    role: 'agent',
    copy: nodeHostname,
    measures,
    connection: cluster.look,
    agent: () => readAgent(agent),
  });
  return holdAgent({ agent, backend, session }, forget);
}

export function holdAgent(
  running: Pick<LocalAgent, 'agent' | 'backend' | 'session'>,
  onStopped: () => void = () => undefined,
): LocalAgent {
  const { agent, backend } = running;
  return {
    ...running,
    async removeTasks() {
      for (const run of await backend.list()) if (agent.isOurs(run)) await backend.remove(run.taskId);
    },
    async stop() {
      await agent.stop();
      await backend.close();
      onStopped();
    },
  };
}

export function readAgent({ nodeId, health }: Agent): AgentReading {
  const { state, engineLostSince, isCutOff, tasksByState, ...counts } = health();
  return {
    nodeId,
    state,
    engineLost: engineLostSince !== undefined,
    cutOff: isCutOff,
    tasks: tasksByState,
    waitingReports: counts.waitingReports,
    reports: counts.reports,
    commands: counts.commands,
    refusedCommands: counts.refusedCommands,
    oddStatuses: counts.oddStatuses,
  };
}

/** The hostname of the nth of several nodes on one machine. */
export function nameLocalNode(index: number, count: number): string {
  return count === 1 ? hostname() : `node${index + 1}`;
}

function makeBackend(
  kind: BackendKind,
  node: { readonly clusterName: string; readonly nodeId: string; readonly nodeHostname: string },
  dir: string,
): Promise<Backend> {
  switch (kind) {
    case 'docker':
      return createBackend(kind, node);
    case 'process':
      return createBackend(kind, { ...node, stateDir: join(dir, 'tasks') });
    case 'simulator':
      return createBackend(kind, { ...node, clock: systemClock });
  }
}
