// Containers that a cluster has left on an engine, as doctor tells whoever asks for another cluster there.
import { randomUUID } from 'node:crypto';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';

const docker = new Docker();
const clusterName = `left-${randomUUID()}`;
let theirs: TestCluster;
let ours: TestCluster;

const listTheirs = (...label: string[]) => docker.listContainers({ all: true, filters: { label } });

beforeAll(async () => {
  [theirs, ours] = await Promise.all([startCluster(), startCluster()]);
  await Promise.all([theirs.startControl(1, '--cluster', clusterName), ours.startControl(1)]);
});

afterAll(async () => {
  await Promise.all([theirs?.stop(), ours?.stop()]);
  for (const { Id } of await listTheirs(`muster.cluster=${clusterName}`))
    await docker.getContainer(Id).remove({ force: true });
});

it('are told of with their cluster, and how to find and remove them', async () => {
  const agent = await theirs.startAgent('one', { backend: 'docker', args: ['--cluster', clusterName] });
  const watch = await theirs.watch();
  await watch.until('a node', areReady(1));
  await theirs.intend(watch, 'apply', 'web', { image: 'muster/demo:1', replicas: 2 });
  await watch.until('two run', hasConverged('web', 2));
  await agent.kill();

  const { stdout } = await ours.run(['doctor', '--format', 'json'], { env: { HOME: ours.dir } });
  const { id } = watch.state.cluster!;
  const findings = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [found, ...others] = findings.filter(({ says }) => says.includes(id));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ level: 'warn', what: 'leftover' });
  expect(found.says).toContain(`2 containers (2 run) of cluster ${clusterName} (${id})`);
  const labels = [...found.advice.matchAll(/--filter label=(\S+?)[\s)]/g)].map(([, label]) => label);
  expect(await listTheirs(...labels)).toHaveLength(2);
});
