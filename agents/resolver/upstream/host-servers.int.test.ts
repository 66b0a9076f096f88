import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHostServers, HOST_FILES } from './host-servers.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-resolv-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('are those of the first file that names one which is not on loopback, as it is now', async () => {
  const [first, second] = [join(folder, 'resolv.conf'), join(folder, 'real.conf')];
  const servers = createHostServers([first, second]);
  const look = async () => {
    await servers.look();
    return servers.current.map(({ host }) => host);
  };
  expect(await look()).toEqual([]);
  await writeFile(first, 'nameserver 127.0.0.53\n');
  await writeFile(second, 'nameserver 10.0.0.2\nnameserver ::1\nnameserver 10.0.0.3\n');
  expect(await look()).toEqual(['10.0.0.2', '10.0.0.3']);
  await writeFile(`${first}.new`, 'nameserver 192.0.2.53\n');
  await rename(`${first}.new`, first);
  expect(await look()).toEqual(['192.0.2.53']);
  await rm(first);
  expect(await look()).toEqual(['10.0.0.2', '10.0.0.3']);
});

it('are those of this machine', async () => {
  const servers = createHostServers();
  await servers.look();
  expect(HOST_FILES[0]).toBe('/etc/resolv.conf');
  for (const { host, port } of servers.current) {
    expect(host).not.toMatch(/^127\./);
    expect(port).toBe(53);
  }
});
