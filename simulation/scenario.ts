// A fixed story: a service is deployed, scaled, updated, loses a task, and another comes and goes; a node is drained, is
// active again, and is removed. It ends the same way whoever is killed on the way.
import type { AppendMoment } from './network.ts';
import { createCluster, type SimulatedCluster } from './simulated-cluster.ts';

export interface ScenarioOutcome {
  /** What the cluster ended as: for each service its image and how many slots it has, and nothing that depends on luck. */
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
  /** Kill the writer of this append, then. */
  readonly killAt?: { readonly index: number; readonly when: AppendMoment['when'] };
  /** Start a killed reducer again after so long; never when left out. An agent always comes back. */
  readonly restartAfterMs?: number;
}

const fast = { restart: { delay: 0 }, update: { parallelism: 2 } };

const steps: readonly ((cluster: SimulatedCluster) => Promise<void> | void)[] = [
  (cluster) => cluster.intend('apply', 'web', { image: 'web:1', replicas: 3, ...fast }),
  (cluster) => cluster.intend('scale', 'web', { replicas: 5 }),
  (cluster) => cluster.intend('apply', 'web', { image: 'web:2', replicas: 5, ...fast }),
  (cluster) => cluster.intend('apply', 'job', { image: 'job:1', replicas: 2, ...fast }),
  crashOneTask,
  (cluster) => cluster.intend('remove', 'job'),
  (cluster) => cluster.intendNode('update', cluster.nodes[0]!, { availability: 'drain' }),
  (cluster) => cluster.intendNode('update', cluster.nodes[0]!, { availability: 'active' }),
  (cluster) => cluster.intendNode('remove', cluster.nodes[1]!, { force: true }),
  (cluster) => cluster.intend('scale', 'web', { replicas: 2 }),
];

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
  for (const step of steps) {
    const started = cluster.clock.now();
    await step(cluster);
    await converge(cluster);
    stepMs.push(cluster.clock.now() - started);
  }
  return { services: describeServices(cluster), appends, stepMs, killed };
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
    return `${service.spec.name} ${service.spec.taskTemplate.containerSpec.image} ${service.occupiedSlots} slots`;
  });
}
