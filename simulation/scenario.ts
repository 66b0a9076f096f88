// Fixed stories, which end the same way whoever is killed on the way. Of services: one is deployed, scaled, updated, loses a
// task, another comes and goes, one is on every node, and nodes are drained and removed. Of updates: they fail, and go back,
// pause or go on, and one is taken back by hand. Of networks: a service joins another and leaves it, and both go.
import { isLive } from '@muster/state';
import type { AppendMoment } from './network.ts';
import { createCluster, type SimulatedCluster } from './simulated-cluster.ts';

export interface ScenarioOutcome {
  /** What each step ended as: of each service and network what does not depend on luck. */
  readonly services: readonly string[];
  /** Appends tried in the whole story, by anybody. */
  readonly appends: number;
  /** Virtual time from an intent to the state it asked for, for each step, in ms. */
  readonly stepMs: readonly number[];
  /** What was killed. */
  readonly killed: 'reducer' | 'agent' | undefined;
}

export interface ScenarioOptions {
  readonly copies: number;
  /** That of services, unless told otherwise. */
  readonly story?: keyof typeof stories;
  /** Kill the writer of this append, then. */
  readonly killAt?: { readonly index: number; readonly when: AppendMoment['when'] };
  /** Start a killed reducer again after so long; never when left out. An agent always comes back. */
  readonly restartAfterMs?: number;
}

const fast = { restart: { delay: 0 }, update: { parallelism: 2 } };

type Step = (cluster: SimulatedCluster) => Promise<void> | void;

const ofServices: readonly Step[] = [
  (cluster) => cluster.intend('apply', 'web', { image: 'web:1', replicas: 3, ...fast }),
  (cluster) => cluster.intend('scale', 'web', { replicas: 5 }),
  (cluster) => cluster.intend('apply', 'web', { image: 'web:2', replicas: 5, ...fast }),
  (cluster) => cluster.intend('apply', 'job', { image: 'job:1', replicas: 2, ...fast }),
  (cluster) => cluster.intend('apply', 'log', { image: 'log:1', mode: 'global', ...fast }),
  crashOneTask,
  (cluster) => cluster.intend('apply', 'log', { image: 'log:2', mode: 'global', ...fast }),
  (cluster) => cluster.intend('remove', 'job'),
  (cluster) => cluster.intendNode('update', cluster.nodes[0]!, { availability: 'drain' }),
  (cluster) => cluster.intendNode('update', cluster.nodes[0]!, { availability: 'active' }),
  (cluster) => cluster.intendNode('remove', cluster.nodes[1]!, { force: true }),
  (cluster) => cluster.intend('scale', 'web', { replicas: 2 }),
];

const watched = { parallelism: 1, monitor: '1s' };

function update(image: string, { env, ...more }: Record<string, unknown> = {}): Step {
  const body = {
    image,
    replicas: 3,
    restart: { delay: '100ms', maxAttempts: 1 },
    rollback: watched,
    ...(env !== undefined && { env }),
  };
  return (cluster) => cluster.intend('apply', 'web', { ...body, update: { ...watched, ...more } });
}

/** Nothing that runs it ever starts. */
const bad = { env: ['SIM_FAIL=start'] };

const ofUpdates: readonly Step[] = [
  update('web:1'),
  update('web:2', { ...bad, failureAction: 'rollback' }),
  update('web:3', { ...bad, failureAction: 'pause' }),
  (cluster) => cluster.intend('rollback', 'web'),
  update('web:4', { ...bad, failureAction: 'continue', order: 'start-first' }),
  update('web:5', { failureAction: 'rollback', delay: '200ms' }),
];

/** With five addresses: hardly enough for three tasks and the three that take their places. */
const small = { ipam: { configs: [{ subnet: '10.9.0.0/29' }] } };

function serve(networks: readonly string[], replicas: number): Step {
  const body = { image: 'web:1', replicas, networks, endpointMode: 'dnsrr', ...fast };
  return (cluster) => cluster.intend('apply', 'web', body);
}

const ofNetworks: readonly Step[] = [
  (cluster) => cluster.intendNetwork('create', 'front'),
  serve(['front'], 3),
  (cluster) => cluster.intendNetwork('create', 'back', small),
  serve(['front', 'back'], 3),
  (cluster) => cluster.intend('apply', 'api', { image: 'api:1', replicas: 1, networks: ['front'], ...fast }),
  crashOneTask,
  (cluster) => cluster.intendNode('update', cluster.nodes[0]!, { availability: 'drain' }),
  (cluster) => cluster.intendNode('remove', cluster.nodes[1]!, { force: true }),
  serve(['front'], 4),
  (cluster) => cluster.intendNetwork('remove', 'back'),
  (cluster) => cluster.intend('remove', 'web'),
];

const stories = { ofServices, ofUpdates, ofNetworks };

function crashOneTask({ nodes }: SimulatedCluster): void {
  for (const { engine } of nodes) {
    for (const { taskId, status } of engine.states()) {
      if (status === 'running' && engine.kill(taskId)) return;
    }
  }
}

const STEP_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;
export const AGENT_RESTART_MS = 500;

export async function runScenario({
  copies,
  story = 'ofServices',
  killAt,
  restartAfterMs,
}: ScenarioOptions): Promise<ScenarioOutcome> {
  const cluster = createCluster({ seed: 1, nodes: 3, copies });
  let appends = 0;
  let killed: ScenarioOutcome['killed'];
  cluster.network.onAppend = ({ process, index, when }) => {
    appends = Math.max(appends, index);
    if (!killAt || index !== killAt.index || when !== killAt.when || !process) return;
    const seat = [...cluster.reducers, ...cluster.nodes].find((candidate) => candidate.process === process);
    if (!seat) return;
    cluster.kill(seat);
    killed = 'engine' in seat ? 'agent' : 'reducer';
    const afterMs = 'engine' in seat ? AGENT_RESTART_MS : restartAfterMs;
    if (afterMs !== undefined) cluster.clock.schedule(afterMs, () => void seat.start());
  };
  await cluster.start();
  const stepMs: number[] = [];
  const histories: string[] = [];
  for (const step of stories[story]) {
    const started = cluster.clock.now();
    await step(cluster);
    await converge(cluster);
    stepMs.push(cluster.clock.now() - started);
    histories.push(...describeServices(cluster), ...describeNetworks(cluster));
  }
  return { services: histories, appends, stepMs, killed };
}

async function converge(cluster: SimulatedCluster): Promise<void> {
  const end = cluster.clock.now() + STEP_LIMIT_MS;
  do {
    await cluster.run(LOOK_EVERY_MS);
    if (cluster.unfinished().length === 0) return;
  } while (cluster.clock.now() < end);
  throw new Error(`not converged: ${cluster.unfinished().join('; ')}`);
}

function describeServices({ observer: { state } }: SimulatedCluster): string[] {
  return [...state.services.values()].map((service) => {
    // Which of them stay when there are to be fewer depends on the nodes that their tasks were given to.
    return `${service.spec.name} ${service.spec.taskTemplate.containerSpec.image} ${service.occupiedSlots} slots, ${service.update?.state}`;
  });
}

/** With how many of those that are to run have an address there. */
function describeNetworks({ observer: { state } }: SimulatedCluster): string[] {
  return [...state.networks.values()].map(({ id, spec }) => {
    const on = [...state.tasks.values()].filter(
      (task) => isLive(task) && task.addresses?.some(({ networkId }) => networkId === id),
    );
    return `${spec.name} ${on.length} tasks`;
  });
}
