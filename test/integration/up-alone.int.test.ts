// What ends in a cluster that is one process ends alone.
import { mkdir, writeFile } from 'node:fs/promises';
import { connectNats, NatsBus } from '@muster/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let all: RoleProcess;
let watch: Watch;
beforeEach(async () => {
  cluster = await startCluster({ heartbeatMs: 500 });
  all = await cluster.start('up', '--nodes', '2', '--backend', 'process');
  watch = await cluster.watch({ strict: false });
  await watch.until('two nodes', areReady(2));
});
afterEach(() => cluster?.stop());

const lives = () =>
  Promise.race([all.ended, new Promise((resolve) => setTimeout(() => resolve('lives'), 10))]);

it('an agent that gives way to another with its identity, and comes back when that one is gone', async () => {
  const { id } = [...watch.state.nodes.values()].find(({ description }) => description.hostname === 'node1')!;
  const { session } = watch.state.nodes.get(id)!;
  const other = await cluster.launch([
    'agent',
    ...['--backend', 'simulator', '--hostname', 'other'],
    ...['--dir', await copyIdentity(id)],
  ]);
  await watch.until('the other one has joined', ({ state }) => state.nodes.get(id)!.session !== session);
  const taken = watch.state.nodes.get(id)!.session;
  await expect
    .poll(() => all.output.join('\n'), { timeout: 30_000 })
    .toMatch(/node1 is started again when it can be/);
  // The other node goes on, and so does everything else.
  await cluster.intend(watch, 'apply', 'web', {
    image: 'process',
    command: ['sleep', '60'],
    placement: ['node.hostname==node2'],
  });
  await watch.until('a service on the other node', hasConverged('web', 1));
  expect(await lives()).toBe('lives');
  expect(watch.state.nodes.get(id)!.session, 'they do not take turns').toBe(taken);
  await other.stop();
  await watch.until('it is back', ({ state }) => state.nodes.get(id)!.session !== taken);
});

it('an API whose answer the server does not take', async () => {
  const connection = await connectNats(cluster.url, { name: 'test' });
  const bus = new NatsBus(connection);
  const ask = (name: string, request: object) =>
    bus.request(`muster.query.${name}`, new TextEncoder().encode(JSON.stringify(request)), {
      timeoutMs: 5_000,
    });
  for (const service of ['a\nb', 'a\r\nNats-Service-Error: none', 'x'.repeat(900_000), '\u0000']) {
    const { error } = JSON.parse(new TextDecoder().decode((await ask('service.inspect', { service })).data));
    expect(error).toMatchObject({ kind: 'not-found' });
  }
  expect(await lives()).toBe('lives');
  await connection.close();
});

/** A directory with the identity of that node, as a copied disk would have it. */
async function copyIdentity(id: string): Promise<string> {
  const dir = `${cluster.dir}/copied`;
  await mkdir(dir, { recursive: true });
  await writeFile(`${dir}/node-id`, `${id}\n`);
  return dir;
}
