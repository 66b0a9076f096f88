// deploy/setup on a machine that has everything, and on machines that lack something. What it downloads is tested by
// whoever runs it first.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let clone: string;

/** As after a first set-up: packages that are newer than the lock file. */
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'muster-setup-'));
  await cp(`${root}deploy`, join(clone, 'deploy'), { recursive: true });
  await cp(`${root}package-lock.json`, join(clone, 'package-lock.json'));
  await utimes(join(clone, 'package-lock.json'), 0, 0);
  await symlink(`${root}node_modules`, join(clone, 'node_modules'));
});

afterEach(async () => {
  await rm(clone, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function setUp(env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(join(clone, 'deploy/setup'), { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function putProgram(name: string, script: string): Promise<string> {
  const path = join(clone, 'programs', name);
  await mkdir(join(clone, 'programs'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

it('does nothing the second time, and is quick about it', async () => {
  const startedAt = performance.now();
  const outcome = await setUp();
  const tookMs = performance.now() - startedAt;
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout.replace(/^setup: No Docker engine answers .*\n/, '')).toBe('');
  expect(tookMs).toBeLessThan(5_000);
});

it('installs the packages again when the lock file has changed', async () => {
  const npm = await putProgram('npm', 'echo "npm $*"');
  await rm(join(clone, 'node_modules'));
  await mkdir(join(clone, 'node_modules'));
  await symlink(`${root}node_modules/dockerode`, join(clone, 'node_modules/dockerode'));
  const env = { PATH: `${join(npm, '..')}:${process.env.PATH}` };
  expect((await setUp(env)).stdout).toMatch(/^setup: installing npm packages\nnpm ci --ignore-scripts .*\n/);
  expect((await setUp(env)).stdout).not.toContain('npm ci');
});

it('says that Node is too old', async () => {
  const node = await putProgram('node', 'test "$1" = --version && echo v18.20.4; exit 1');
  const old = await setUp({ PATH: `${join(node, '..')}:${process.env.PATH}` });
  expect(old).toMatchObject({ code: 1, stdout: '' });
  expect(old.stderr).toBe('setup: muster needs Node.js 20.19 or newer, and this is v18.20.4.\n');
});

it('refuses a nats-server that is named and too old', async () => {
  const server = await putProgram('nats-server', 'echo "nats-server: v2.11.9"');
  const outcome = await setUp({ MUSTER_NATS_SERVER: server });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toBe(
    `setup: MUSTER_NATS_SERVER is ${server}, which is no nats-server 2.12 or newer.\n`,
  );
});

it('passes over a nats-server on PATH that is too old', async () => {
  const server = await putProgram('nats-server', 'echo "nats-server: v2.11.9"');
  const cached = join(clone, 'cache/muster/nats-server-9.9.9');
  await mkdir(cached, { recursive: true });
  await cp(await putProgram('newer', 'echo "nats-server: v9.9.9"'), join(cached, 'nats-server'));
  const env = {
    MUSTER_NATS_SERVER: '',
    PATH: `${join(server, '..')}:${process.env.PATH}`,
    XDG_CACHE_HOME: join(clone, 'cache'),
  };
  expect(await setUp(env)).toMatchObject({ code: 0, stderr: '' });
});
