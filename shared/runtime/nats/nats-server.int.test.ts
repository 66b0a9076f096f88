import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectNats } from './connect.ts';
import { findNatsServer } from './nats-binary.ts';
import { startNatsServer } from './nats-server.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('startNatsServer', () => {
  it('answers when it says so, with JetStream and room for large intents, and only on this machine', async () => {
    const server = await startNatsServer({ dir });
    const nc = await connectNats(server.url, { name: 'test' });
    expect(nc.info).toMatchObject({ jetstream: true, host: '127.0.0.1', port: server.port });
    expect(nc.info?.max_payload).toBeGreaterThan(2 * 1024 * 1024);
    await nc.close();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('finds what it stored after being killed, on the same port', async () => {
    const first = await startNatsServer({ dir });
    await makeStream(first.url);
    await first.kill();
    const second = await startNatsServer({ dir, port: first.port });
    expect(second.url).toBe(first.url);
    expect(await streamNames(second.url)).toEqual(['KEPT']);
    await second.stop();
  });

  it('leaves nothing behind when it was given no directory', async () => {
    const server = await startNatsServer();
    await server.stop();
    await expect(readdir(server.dir)).rejects.toThrow('ENOENT');
  });

  it('says why it does not start', async () => {
    const server = await startNatsServer({ dir });
    const second = startNatsServer({ port: server.port });
    await expect(second).rejects.toThrow(/nats-server doesn't start: .*address already in use/);
    const misled = startNatsServer({ extraConfig: 'no_such_setting: 1' });
    await expect(misled).rejects.toThrow(/nats-server doesn't start/);
    await server.stop();
  });

  it.runIf(process.platform === 'linux')('leaves alone what another one stores', async () => {
    const first = await startNatsServer({ dir });
    await expect(startNatsServer({ dir })).rejects.toThrow(/another one that runs keeps its streams in/);
    await first.kill();
    const second = await startNatsServer({ dir });
    await second.stop();
  });

  it.runIf(process.platform === 'linux')('does not outlive a process that is killed', async () => {
    const starter = join(dir, 'starter.mjs');
    await build({
      stdin: {
        contents: `import { startNatsServer } from './nats-server.ts';
          console.log((await startNatsServer({ dir: ${JSON.stringify(join(dir, 'nats'))} })).pid);
          setInterval(() => {}, 1000);`,
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: starter,
    });
    const child = spawn(process.execPath, [starter], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await once(child.stdout, 'data');
    const pid = Number(String(output));
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 30_000, interval: 20 });
  });
});

describe('findNatsServer', () => {
  it('takes the one named, and refuses it when it is too old', async () => {
    const named = join(dir, 'nats-server');
    vi.stubEnv('MUSTER_NATS_SERVER', named);
    await expect(findNatsServer()).rejects.toThrow('no nats-server: 2.12 or newer is needed');
    await writeFile(named, '#!/bin/sh\necho "nats-server: v2.9.10"\n');
    await chmod(named, 0o755);
    await expect(findNatsServer()).rejects.toThrow('which is nats-server 2.9.10: 2.12 or newer is needed');
    await writeFile(named, '#!/bin/sh\necho "nats-server: v2.12.0"\n');
    await expect(findNatsServer()).resolves.toBe(named);
  });

  it('looks in the cache, newest first, and says what to do when there is none', async () => {
    vi.stubEnv('MUSTER_NATS_SERVER', '');
    vi.stubEnv('PATH', dir);
    vi.stubEnv('XDG_CACHE_HOME', dir);
    await expect(findNatsServer()).rejects.toThrow('run deploy/setup');
    for (const version of ['2.9.0', '2.15.1']) {
      const place = join(dir, 'muster', `nats-server-${version}`);
      await mkdir(place, { recursive: true });
      await writeFile(join(place, 'nats-server'), `#!/bin/sh\necho "nats-server: v${version}"\n`, {
        mode: 0o755,
      });
    }
    await expect(findNatsServer()).resolves.toContain('nats-server-2.15.1');
  });
});

async function makeStream(url: string): Promise<void> {
  const nc = await connectNats(url, { name: 'test' });
  const reply = await nc.request('$JS.API.STREAM.CREATE.KEPT', '{"name":"KEPT","subjects":["kept"]}');
  expect(reply.json()).not.toHaveProperty('error');
  await nc.close();
}

async function streamNames(url: string): Promise<string[]> {
  const nc = await connectNats(url, { name: 'test' });
  const reply = await nc.request('$JS.API.STREAM.NAMES', '{}');
  await nc.close();
  return reply.json<{ streams: string[] }>().streams;
}
