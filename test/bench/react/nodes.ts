// A node is lost: its agent's process is killed with kill -9, or stopped with SIGSTOP, which to everybody else is a network
// that was cut. What counts is the time beyond the policy: three heartbeats missed.
import { join } from 'node:path';
import type { RoleProcess } from '../../harness/role-process.ts';
import type { Values } from '../bench.ts';
import { giveIntent, PLAIN_SERVICE, preciseNow } from '../intents.ts';
import { type Observer, observe, readEvent } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { startSystem } from '../system.ts';

/** SwarmKit's: a node is down after so many missed heartbeats. */
const MISSED = 3;
/** Docker Swarm with its own heartbeats of five seconds, from kill -9 of an engine to the replacements. */
const SWARM_SECONDS = 17;
const NODES = 3;

interface Sample {
  readonly suspectMs: number;
  readonly downMs: number;
  /** The last replacement. */
  readonly assignedMs: number;
  readonly runningMs: number;
}

export async function reactToNodes(values: Values): Promise<void> {
  const heartbeatMs = values.number('heartbeat');
  const cluster = await startNodes(values);
  for (const way of ['SIGKILL', 'SIGSTOP'] as const) {
    const samples: Sample[] = [];
    for (let round = 1; round <= values.number('rounds'); round += 1) {
      const sample = await cluster.lose(round % NODES, way);
      samples.push(sample);
      say(`node lost by ${way}, round ${round}: ${sample.runningMs.toFixed(0)} ms`);
    }
    const of = (field: keyof Sample) => median(samples.map((sample) => sample[field]));
    printResult({
      bench: 'react',
      what: way === 'SIGKILL' ? 'node killed' : 'node cut off',
      n: values.number('tasks'),
      heartbeatMs,
      policyMs: MISSED * heartbeatMs,
      suspectMs: of('suspectMs'),
      downMs: of('downMs'),
      assignedMs: of('assignedMs'),
      runningMs: of('runningMs'),
      detectionBeyondPolicyMs: of('downMs') - MISSED * heartbeatMs,
      assignedBeyondPolicyMs: of('assignedMs') - MISSED * heartbeatMs,
      assignedAfterDownMs: of('assignedMs') - of('downMs'),
      swarmSeconds: SWARM_SECONDS,
    });
  }
  await cluster.stop();
}

async function startNodes(values: Values) {
  const tasks = values.number('tasks');
  const system = await startSystem({ heartbeatMs: values.number('heartbeat') });
  await system.startControl();
  /** By task, for as long as it runs or is about to. */
  const nodeOf = new Map<string, string>();
  const running = new Set<string>();
  const statuses = new Map<string, { readonly status: string; readonly at: number }>();
  const ids = new Map<string, string>();
  let assignedAt = 0;
  const observer: Observer = await observe(system.url, (record) => {
    if (record.subject.startsWith('muster.intent.')) return;
    const event = readEvent(record);
    if (event.type === 'node.joined') ids.set(event.description.hostname, event.nodeId);
    if (event.type === 'node.status_changed') {
      statuses.set(`${event.nodeId} ${event.status}`, { status: event.status, at: preciseNow() });
      statuses.set(event.nodeId, { status: event.status, at: preciseNow() });
    }
    if (event.type === 'tasks.assigned') {
      assignedAt = preciseNow();
      for (const id of event.tasks) nodeOf.set(id, event.nodeId);
    }
    if (event.type !== 'tasks.reported') return;
    for (const { id, state } of event.statuses ?? []) {
      if (state === 'running') running.add(id);
      else if (running.delete(id)) nodeOf.delete(id);
    }
  });

  const agents: RoleProcess[] = [];
  const nameOf = (index: number) => `node${index}`;
  const isReady = (index: number) => statuses.get(ids.get(nameOf(index)) ?? '')?.status === 'ready';
  const countElsewhere = (lost: string) => [...running].filter((id) => nodeOf.get(id) !== lost).length;

  async function startAgent(index: number): Promise<void> {
    const name = nameOf(index);
    const dir = join(system.dir, name);
    const args = ['--backend', 'simulator', '--dir', dir, '--hostname', name, '--cluster', 'bench'];
    agents[index] = await system.start('agent', ...args);
  }

  async function lose(index: number, way: 'SIGKILL' | 'SIGSTOP'): Promise<Sample> {
    const nodeId = ids.get(nameOf(index))!;
    await observer.untilQuiet(1000);
    // Its tasks spread anew, so that each round has something to lose: the last one left this node empty.
    await giveIntent(observer.log, { name: 'load', body: { ...PLAIN_SERVICE, replicas: 0 } });
    await observer.until('no tasks', () => running.size === 0);
    await giveIntent(observer.log, { name: 'load', body: { ...PLAIN_SERVICE, replicas: tasks } });
    await observer.until('all tasks', () => countElsewhere('') === tasks);
    await observer.untilQuiet(1000);
    statuses.delete(`${nodeId} down`);
    statuses.delete(`${nodeId} suspect`);
    const lostAt = preciseNow();
    agents[index]!.signal(way);
    await observer.until('the replacements', () => countElsewhere(nodeId) === tasks, 120_000);
    const sample = {
      suspectMs: statuses.get(`${nodeId} suspect`)!.at - lostAt,
      downMs: statuses.get(`${nodeId} down`)!.at - lostAt,
      assignedMs: assignedAt - lostAt,
      runningMs: preciseNow() - lostAt,
    };
    if (way === 'SIGSTOP') agents[index]!.signal('SIGCONT');
    else await startAgent(index);
    await observer.until('the node again', () => isReady(index));
    // What it still ran is stopped; what a killed one ran went with it.
    for (const [id, node] of nodeOf) if (way === 'SIGKILL' && node === nodeId) running.delete(id);
    await observer.untilQuiet(1000);
    return sample;
  }

  for (let index = 0; index < NODES; index += 1) await startAgent(index);
  await observer.until('three nodes', () => [0, 1, 2].every(isReady));
  return {
    lose,
    async stop() {
      await observer.stop();
      await system.stop();
    },
  };
}
