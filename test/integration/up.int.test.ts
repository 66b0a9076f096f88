// `muster up` with a nats-server of its own: where it listens, what it keeps, and ending it before it is ready.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runMuster, spawnMuster } from '../harness/program.ts';
import { type RoleProcess, startRole } from '../harness/role-process.ts';

let dir: string;
let started: RoleProcess[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-test-'));
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((up) => up.stop()));
  await rm(dir, { recursive: true, force: true });
});

async function start(...args: readonly string[]): Promise<RoleProcess> {
  const up = await startRole(['up', '--backend', 'simulator', '--dir', dir, ...args]);
  started.push(up);
  return up;
}

function urlOf(up: RoleProcess): string {
  return /MUSTER_NATS=(\S+)/.exec(up.output.join('\n'))![1]!;
}

/** Nothing else may listen there meanwhile; that something else does already is as good. */
async function occupy(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await Promise.race([once(server, 'listening'), once(server, 'error').catch(() => undefined)]);
  return server;
}

it('takes another port when the usual one is taken, and says which', async () => {
  const usual = await occupy(4222);
  const up = await start();
  expect(urlOf(up)).not.toMatch(/:4222$/);
  const { code, stdout } = await runMuster(['node', 'ls', '-q', '--nats', urlOf(up)]);
  expect({ code, nodes: stdout.trim().split('\n').length }).toEqual({ code: 0, nodes: 1 });
  usual.close();
});

it('goes on where it ended, and runs only once in a directory', async () => {
  const first = await start();
  const created = await runMuster([
    ...['--nats', urlOf(first), 'service', 'create', '--name', 'web', '-d', 'any'],
  ]);
  expect(created.code).toBe(0);
  const other = await runMuster(['up', '--backend', 'simulator', '--dir', dir]);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining(`keeps its streams in ${dir}`) });
  await first.stop();

  const second = await start();
  const { stdout } = await runMuster(['--nats', urlOf(second), 'service', 'ls', '--format', '{{.Name}}']);
  expect(stdout.trim()).toBe('web');
});

it('ends in order when it is stopped while it waits for its nodes', async () => {
  const up = spawnMuster(['up', '--dir', dir], { DOCKER_HOST: `unix://${dir}/no-engine.sock` });
  let said = '';
  up.stdout!.on('data', (chunk: Buffer) => {
    said += chunk;
    if (said.includes('waiting for 1 of 1 nodes')) up.kill('SIGTERM');
  });
  const [code, signal] = await once(up, 'close');
  expect({ code, signal, said }).toEqual({
    code: 0,
    signal: null,
    said: expect.stringContaining('waiting for'),
  });
  expect((await runMuster(['--nats', urlIn(said), 'node', 'ls'])).code).toBe(3);
});

function urlIn(said: string): string {
  return /nats-server listens on (\S+)/.exec(said)![1]!;
}
