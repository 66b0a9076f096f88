// `muster up` on a disk that gets full: its own nats-server is started again when there is room, by nobody but itself.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { mountDisk, type SmallDisk, whyNoDisk } from '../harness/small-disk.ts';

const why = whyNoDisk();

describe.runIf(why === undefined)(`up${why === undefined ? '' : ` (not tried: ${why})`}`, () => {
  let disk: SmallDisk;
  let cluster: TestCluster;
  let up: RoleProcess;
  let env: { readonly MUSTER_NATS: string };

  beforeAll(async () => {
    disk = mountDisk(64);
    cluster = await startCluster();
    const args = ['--dir', join(disk.dir, 'up'), '--backend', 'simulator', '--nodes', '1'];
    up = await cluster.launch(['up', ...args]);
    env = { MUSTER_NATS: /nats:\S+/.exec(up.output.join('\n'))![0] };
  });

  afterAll(async () => {
    await up?.stop();
    await cluster?.stop();
    disk?.remove();
  });

  const create = (name: string) =>
    cluster.run(['service', 'create', '--name', name, '--stable-for', '0s', 'nginx:1'], { env });

  it('goes on when its disk was full and has room again', { timeout: 120_000 }, async () => {
    expect(await create('before')).toMatchObject({ code: 0 });
    disk.fill();
    const refused = async () => (await create('full')).stderr;
    await expect.poll(refused, { timeout: 60_000 }).toContain('NATS answers, and stores nothing');
    expect(up.output.join('\n')).not.toContain('started again');
    disk.clear();
    await expect
      .poll(() => up.output, { timeout: 20_000 })
      .toContainEqual('nats-server is started again: its disk was full, and has room now');
    await expect.poll(async () => (await create('after')).code, { timeout: 30_000 }).toBe(0);
  });
});
