// Processes that outlive their agent, as doctor tells of them on their machine: to whoever asks for their cluster, and to
// whoever asks for another.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let theirs: TestCluster;
let ours: TestCluster;
let watch: Watch;

beforeAll(async () => {
  [theirs, ours] = await Promise.all([startCluster({ heartbeatMs: 500 }), startCluster()]);
  await Promise.all([theirs.startControl(1, '--cluster', 'theirs'), ours.startControl(1)]);
  watch = await theirs.watch();
});

afterAll(async () => {
  await Promise.all([theirs?.stop(), ours?.stop()]);
});

async function findLeftovers(asked: TestCluster): Promise<Record<'says' | 'advice', string>[]> {
  const env = { HOME: asked.dir, DOCKER_HOST: 'unix:///no/such/docker.sock' };
  const args = ['doctor', '--format', 'json', '--dir', join(theirs.dir, 'nodes', 'one')];
  const { stdout } = await asked.run(args, { env });
  const findings = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return findings.filter(({ what }) => what === 'leftover');
}

it('are told of when nobody looks after them, with what removes them', async () => {
  const agent = await theirs.startAgent('one', { backend: 'process', args: ['--cluster', 'theirs'] });
  await watch.until('a node', areReady(1));
  await theirs.intend(watch, 'apply', 'web', { image: 'process', command: ['sleep', '600'], replicas: 2 });
  await watch.until('two run', hasConverged('web', 2));
  expect(await findLeftovers(ours)).toEqual([]);
  expect(await findLeftovers(theirs)).toEqual([]);

  await agent.kill();
  const nodeId = await theirs.nodeId('one');
  const cluster = watch.state.cluster!;
  const [found, ...others] = await findLeftovers(ours);
  expect(others).toEqual([]);
  expect(found!.says).toContain(
    `2 tasks (2 run) of cluster theirs (${cluster.id}), node ${nodeId}, are on this machine`,
  );
  await watch.until('the node is down', ({ state }) => state.nodes.get(nodeId)?.status === 'down');
  await expect
    .poll(async () => (await findLeftovers(theirs)).map(({ says }) => says))
    .toEqual([expect.stringContaining('2 tasks (2 run) of node one, which is down,')]);

  const [, removal] = /`(.*)`/.exec(found!.advice)!;
  execFileSync('bash', ['-c', removal!]);
  expect(await findLeftovers(ours)).toEqual([]);
});
