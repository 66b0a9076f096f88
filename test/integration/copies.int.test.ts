// Two copies of everything that decides, each a process of its own, and each killed with kill -9 in the middle of the
// work: nobody waits for long, nothing is done twice, nothing is lost.
import { createBackend } from '@muster/backends';
import { hashState } from '@muster/state';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, runningTasks } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

/** A pause is said to be a second at most; a machine with too much to do gets more. */
const LONGEST_PAUSE_MS = 3_000;
const EVERY_MS = 150;
const IN_STEP = { timeout: 20_000, interval: 200 };
const nodes = ['one', 'two'];

let cluster: TestCluster;
let copies: Record<ControlRole, RoleProcess[]>;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster();
  copies = await cluster.startControl(2);
  await Promise.all(nodes.map((name) => cluster.startAgent(name, { backend: 'process' })));
  watch = await cluster.watch();
  await watch.until('both nodes', areReady(nodes.length));
});

afterAll(() => cluster?.stop());

const sleeper = { image: 'process', command: ['sleep', '600'], replicas: 1, stopGracePeriod: '1s' };

interface Step {
  readonly seq: number;
  readonly name: string;
  readonly replicas: number;
}

/** Creates a service, and scales the one before, again and again until told to stop. */
async function submitUntil(stopped: () => boolean): Promise<Step[]> {
  const steps: Step[] = [];
  for (let index = 0; !stopped(); index += 1) {
    const name = `s${index}`;
    steps.push({ seq: await cluster.intend(watch, 'create', name, sleeper), name, replicas: 1 });
    if (index > 0) {
      const before = `s${index - 1}`;
      steps.push({
        seq: await cluster.intend(watch, 'scale', before, { replicas: 2 }),
        name: before,
        replicas: 2,
      });
    }
    // The pace of whoever asks, not a wait for anything.
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  return steps;
}

/** Each copy in turn; its place is taken again before the other one of its role is killed. */
async function killEach(): Promise<void> {
  for (const index of [0, 1]) {
    const returns = controlRoles.map(async (role, turn) => {
      await watch.until(`a moment to kill ${role}`, momentAfter((turn + 1) * 2));
      await copies[role][index]!.kill();
      copies[role][index] = await cluster.start(role);
    });
    await Promise.all(returns);
  }
}

/** When so many more intents have come. */
function momentAfter(count: number): () => boolean {
  const intents = () => watch.facts.filter((fact) => fact.is === 'intent').length;
  const before = intents();
  return () => intents() >= before + count;
}

/** By the log's clock: from an intent until as many tasks run as it asked for. */
function measure({ seq, name, replicas }: Step): number {
  const running = new Set<string>();
  const asked = watch.facts[seq - 1]!;
  for (const fact of watch.facts) {
    if (fact.is !== 'event' || fact.event.type !== 'tasks.reported') continue;
    for (const { id, state } of fact.event.statuses) {
      if (state === 'running' && watch.state.tasks.get(id)?.service.spec.name === name) running.add(id);
    }
    if (fact.seq > seq && running.size >= replicas) return fact.time - asked.time;
  }
  return Number.POSITIVE_INFINITY;
}

it('goes on while each copy in turn is killed', async () => {
  let over = false;
  const submitting = submitUntil(() => over);
  await killEach().finally(() => {
    over = true;
  });
  const steps = await submitting;
  for (const { name } of steps) {
    const { replicas } = steps.findLast((step) => step.name === name)!;
    await watch.until(`${name} with ${replicas}`, hasConverged(name, replicas));
  }
  const times = steps.map(measure).sort((a, b) => a - b);
  console.log(
    `${steps.length} intents; from intent to running: median ${times[times.length >> 1]} ms, longest ${times.at(-1)} ms`,
  );
  expect(steps.length).toBeGreaterThanOrEqual(20);
  expect(times.at(-1)).toBeLessThan(LONGEST_PAUSE_MS);
});

it('has done nothing twice', async () => {
  // The watch has checked each record meanwhile: no task created twice, no slot with two live tasks.
  for (const service of watch.state.services.values()) {
    const slots = runningTasks(service).map(({ slot }) => slot.number);
    expect(slots).toEqual(slots.map((_, index) => index + 1));
    expect([...service.tasks.values()].length, 'no task was lost and replaced').toBe(slots.length);
  }
  for (const name of nodes) {
    const nodeId = await cluster.nodeId(name);
    const stateDir = `${cluster.dir}/nodes/${name}/tasks`;
    const backend = await createBackend('process', { clusterName: 'muster', nodeId, stateDir });
    const found = (await backend.list()).map(({ taskId, status }) => `${taskId} ${status}`);
    await backend.close();
    const wanted = [...watch.state.nodes.get(nodeId)!.tasks.keys()].map((id) => `${id} running`);
    expect(found.sort()).toEqual(wanted.sort());
  }
});

it('has the same state in every copy of the API', async () => {
  for (const other of [1, 0]) {
    // The one that is left answers.
    const [role] = [copies.api[other]!];
    await role.stop();
    // Something may be written between the answer and the look.
    await vi.waitFor(async () => {
      const said = await cluster.print('state', '--format', 'hash');
      expect(said).toContain(`${hashState(watch.state)}  #${watch.state.head} `);
    }, IN_STEP);
    copies.api[other] = await cluster.start('api');
  }
});

it('has nothing to complain about', () => {
  const complaints = Object.values(copies).flatMap((roles) =>
    roles.flatMap(({ log }) => log.filter(({ level }) => level >= 50)),
  );
  expect(complaints).toEqual([]);
});
