// What the doctor says of NATS servers that do not do their part, though they run.
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JetStreamLog } from '@muster/log';
import { connectNats, startNatsCluster } from '@muster/runtime';
import { afterEach, expect, it, vi } from 'vitest';
import { startCluster } from '../harness/cluster.ts';

const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of clean.splice(0).reverse()) await end();
});

it('one that is cut off from the others tells what may be old, and nobody is to be started', {
  timeout: 120_000,
}, async () => {
  const servers = await startNatsCluster({ size: 3 });
  clean.push(() => servers.stop());
  const [asked] = servers.servers;
  const cluster = await startCluster({ url: asked!.url });
  clean.push(() => cluster.stop());
  await cluster.startControl(1, '--stream-replicas', '3');
  await cluster.startAgent('one', { backend: 'simulator' });
  await vi.waitFor(async () => expect(await cluster.print('doctor')).toMatch(/ok +streams/), {
    timeout: 20_000,
  });
  // The roles stay at this one, whatever becomes of the others.
  await Promise.all([1, 2].map((index) => servers.servers[index]!.kill()));
  const { code, stdout } = await cluster.run(['doctor']);
  expect(code).toBe(1);
  expect(stdout).not.toMatch(/start (the cluster with )?`muster/);
  expect(stdout).toMatch(/nobody leads|NATS did not answer/);
  // Long enough ago: who leads was asked for first, and waited for.
  expect(stdout).toMatch(/has not seen what the log took in the last \d+ s/);
});

const isRoot = process.getuid?.() === 0;

it.runIf(isRoot).each(['n3', 'n1'])(
  'one that could not write is named until it is started again, when %s led the log',
  { timeout: 120_000 },
  async (leader) => {
    const dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
    clean.push(() => rm(dir, { recursive: true, force: true }));
    const small = join(dir, 'n3');
    await mkdir(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', small]);
    clean.push(() => execFileSync('umount', [small]));
    const servers = await startNatsCluster({ size: 3, dir, jetstreamConfig: 'max_file_store: 1GB' });
    clean.push(() => servers.stop());
    const cluster = await startCluster({ url: servers.url });
    clean.push(() => cluster.stop());
    await cluster.startControl(1, '--stream-replicas', '3');
    const nc = await connectNats(servers.url, { name: 'test' });
    clean.push(() => nc.close());
    await letLead(nc, leader);
    const log = new JetStreamLog(nc);
    for (let count = 0; count < 30; count += 1)
      await log.append('muster.intent.ana.service.apply.web', new Uint8Array(1_000_000));
    // Followers write later.
    await vi.waitFor(() => expect(countFreeBytes(small)).toBeLessThan(1_000_000), { timeout: 20_000 });
    execFileSync('mount', ['-o', 'remount,size=200m', small]);

    const doctor = async () => (await cluster.run(['doctor'])).stdout;
    const named = /n3 runs, and (has stopped storing MUSTER_|JetStream is off there)/;
    await vi.waitFor(async () => expect(await doctor()).toMatch(named), { timeout: 40_000, interval: 500 });
    expect(await doctor()).toMatch(/start that nats-server again/);
    await servers.servers[2]!.stop();
    await servers.restart(2);
    await vi.waitFor(async () => expect(await doctor()).not.toMatch(/n3/), {
      timeout: 40_000,
      interval: 500,
    });
  },
);

async function letLead(nc: Awaited<ReturnType<typeof connectNats>>, preferred: string): Promise<void> {
  const ask = async (what: string, body = '') =>
    (await nc.request(`$JS.API.STREAM.${what}.MUSTER_LOG`, body)).json<{ cluster?: { leader?: string } }>();
  const lead = async () => {
    if ((await ask('INFO')).cluster?.leader !== preferred) {
      await ask('LEADER.STEPDOWN', JSON.stringify({ placement: { preferred } }));
      throw new Error(`${preferred} does not lead yet`);
    }
  };
  await vi.waitFor(lead, { timeout: 20_000, interval: 1_000 });
}

function countFreeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
