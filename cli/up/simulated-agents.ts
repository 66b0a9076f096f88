// Simulated nodes of this process, by the thousand: for rehearsals and load tests. What they are is kept as one id in the
// directory; their tasks end with the process.

import { mkdir } from 'node:fs/promises';
import { type Hold, holdDirectory, loadIdentity, startSimulatedNodes } from '@muster/agent';
import { ownValue, setOwn } from '@muster/model';
import { systemClock } from '@muster/runtime';
import { type AgentReading, createMeasures, measureLog } from '@muster/telemetry';
import { controlAgent, type LocalAgent, type LocalAgentOptions, readAgent } from './local-agents.ts';

export interface SimulatedAgentsOptions extends Omit<LocalAgentOptions, 'backend' | 'hostname'> {
  readonly count: number;
  readonly hostnameOf: (index: number) => string;
  readonly signal?: AbortSignal;
}

/** Resolves when all of them are at work. */
export async function startSimulatedAgents(options: SimulatedAgentsOptions): Promise<readonly LocalAgent[]> {
  await mkdir(options.dir, { recursive: true });
  const hold = await holdDirectory(options.dir);
  try {
    return await startHolding(options, hold);
  } catch (error) {
    await hold.release();
    throw error;
  }
}

async function startHolding(options: SimulatedAgentsOptions, hold: Hold): Promise<readonly LocalAgent[]> {
  const { cluster, clusterName, dir, labels, heartbeatMs, logger, telemetry, count, hostnameOf } = options;
  const { nodeId: ownerId, isNew } = await loadIdentity(dir);
  const measures = createMeasures();
  const nodes = await startSimulatedNodes({
    ownerId,
    isNew,
    count,
    clusterName,
    hostnameOf,
    labelsOf: () => labels,
    log: measureLog(cluster.log, measures.appends),
    commands: cluster.commands,
    bus: cluster.bus,
    clock: systemClock,
    logger,
    heartbeatMs,
    random: Math.random,
    ...(options.signal && { signal: options.signal }),
  });
  telemetry.observe({
    role: 'agent',
    copy: count === 1 ? hostnameOf(0) : `${count} simulated nodes`,
    measures,
    connection: cluster.look,
    agent: () => nodes.map(({ agent }) => readAgent(agent)).reduce(addReadings),
  });
  const ended = Promise.all(nodes.map(({ agent }) => agent.ended));
  const holdAll: Hold = { release: () => ended.then(() => hold.release()) };
  return nodes.map((node) => controlAgent(node, holdAll));
}

/** That one of many was removed says nothing of the others. */
const states: readonly AgentReading['state'][] = ['removed', 'running', 'starting', 'ended'];

function worseState(one: AgentReading['state'], other: AgentReading['state']): AgentReading['state'] {
  return states[Math.max(states.indexOf(one), states.indexOf(other))]!;
}

/** All of them as one: as bad as the worst. */
function addReadings(sum: AgentReading, one: AgentReading): AgentReading {
  const tasks: Record<string, number> = { ...sum.tasks };
  for (const [state, count] of Object.entries(one.tasks))
    setOwn(tasks, state, (ownValue(tasks, state) ?? 0) + count);
  return {
    nodeId: sum.nodeId,
    nodes: (sum.nodes ?? 1) + 1,
    state: worseState(sum.state, one.state),
    engineTrouble: sum.engineTrouble ?? one.engineTrouble,
    cutOff: sum.cutOff || one.cutOff,
    tasks,
    waitingReports: sum.waitingReports + one.waitingReports,
    reports: sum.reports + one.reports,
    commands: sum.commands + one.commands,
    refusedCommands: sum.refusedCommands + one.refusedCommands,
    oddStatuses: sum.oddStatuses + one.oddStatuses,
    started: sum.started + one.started,
    failed: sum.failed + one.failed,
  };
}
