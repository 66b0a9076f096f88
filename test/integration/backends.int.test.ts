// Real work stays with real nodes: simulated ones that have joined get nothing of it, whatever comes first, and also while
// the real ones are away.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged, nodeNamed } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;
let real: RoleProcess;

beforeAll(async () => {
  cluster = await startCluster({ heartbeatMs: 500 });
  await cluster.startControl(1);
  await cluster.startAgent('rehearsal', { backend: 'simulator' });
  watch = await cluster.watch();
  await watch.until('the simulated node', areReady(1));
  real = await cluster.startAgent('real', { backend: 'process' });
  await watch.until('both nodes', areReady(2));
});

afterAll(() => cluster?.stop());

const simulatedTasks = () => nodeNamed(watch, 'rehearsal')!.tasks.size;

it('goes to real nodes alone', { timeout: 60_000 }, async () => {
  const sleeper = {
    image: 'process',
    command: ['sleep', '600'],
    restart: { delay: 0 },
    stopGracePeriod: '1s',
  };
  await cluster.intend(watch, 'create', 'bogus', { image: 'totally/bogus:9', replicas: 4 });
  await cluster.intend(watch, 'create', 'web', { ...sleeper, replicas: 4 });
  await watch.until('its tasks', hasConverged('web', 4));
  expect(simulatedTasks()).toBe(0);
  expect(await cluster.print('node', 'ls', '--format', '{{.Hostname}} {{.Backend}}')).toMatch(
    /^(rehearsal simulator\nreal process|real process\nrehearsal simulator)\n$/,
  );
  expect(await cluster.print('node', 'ls')).toMatch(/BACKEND/);

  await real.kill();
  await watch.until('it is missed', ({ state }) =>
    [...state.nodes.values()].some(({ status }) => status === 'down'),
  );
  await cluster.intend(watch, 'scale', 'web', { replicas: 6 });
  await watch.until('there is a reason', ({ state }) =>
    state.serviceByName
      .get('', 'web')
      ?.unschedulable?.message.includes('backend not for this task on 1 node'),
  );
  expect(simulatedTasks()).toBe(0);
});
