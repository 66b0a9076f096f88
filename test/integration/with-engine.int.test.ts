// deploy/with-engine and deploy/images/build where something is missing: they say what they do, or what to do.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inProject } from '../harness/root.ts';

const NOWHERE = 'unix:///nowhere/docker.sock';
let clone: string;

/** As it is cloned, on a machine of somebody who is not root, and without an engine. */
beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'muster-with-engine-'));
  await cp(inProject('deploy'), join(clone, 'deploy'), { recursive: true });
  await cp(inProject('package-lock.json'), join(clone, 'package-lock.json'));
  const engine = join(clone, 'deploy/engine.sh');
  const script = await readFile(engine, 'utf8');
  await writeFile(engine, script.replaceAll('/var/run/docker.sock', '/nowhere/docker.sock'));
  await putProgram('id', 'echo 1000');
  await putProgram(
    'npm',
    `echo "npm $*"; mkdir node_modules; ln -s ${inProject('node_modules/dockerode')} node_modules/`,
  );
});

afterEach(async () => {
  await rm(clone, { recursive: true, force: true });
});

async function putProgram(name: string, script: string): Promise<void> {
  const path = join(clone, 'programs', name);
  await mkdir(join(clone, 'programs'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, ...args: string[]): Promise<Outcome> {
  const { MUSTER_NO_ENGINE: _, ...inherited } = process.env;
  const env = { ...inherited, PATH: `${join(clone, 'programs')}:${process.env.PATH}`, DOCKER_HOST: NOWHERE };
  return new Promise((resolve) => {
    const child = execFile(join(clone, script), args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    // A shell reads its commands from there.
    child.stdin!.end('echo "$MUSTER_NO_ENGINE"; exit 5\n');
  });
}

const NO_ENGINE = `No Docker engine answers at ${NOWHERE}, and only root can start a private one: start Docker, set DOCKER_HOST, or run this as root.`;

it('sets up first on a fresh clone, says so, and goes on without an engine, with the reason', async () => {
  const fresh = await run('deploy/with-engine', 'bash');
  expect(fresh).toMatchObject({ code: 5, stdout: `${NO_ENGINE}\n` });
  expect(fresh.stderr).toMatch(/^setup: installing npm packages\nnpm ci /);
  expect(fresh.stderr).toMatch(new RegExp(`^setup: ${NO_ENGINE}\nwith-engine: ${NO_ENGINE}\n$`, 'm'));
  const again = await run('deploy/with-engine', 'bash');
  expect(again).toEqual({ code: 5, stdout: `${NO_ENGINE}\n`, stderr: `with-engine: ${NO_ENGINE}\n` });
});

it('says why a fresh clone can not be set up', async () => {
  await putProgram('npm', 'echo "npm: no network" >&2; exit 1');
  const { code, stdout, stderr } = await run('deploy/with-engine', 'bash');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe('setup: installing npm packages\nnpm: no network\n');
});

it.each([[[]], [['--remove']]])('makes no images where it can not, and says why: %j', async (args) => {
  const fresh = await run('deploy/images/build', ...args);
  expect(fresh).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'images: the npm packages are not installed yet: run deploy/setup, or run this in deploy/with-engine\n',
  });
  await symlink(inProject('node_modules'), join(clone, 'node_modules'));
  expect(await run('deploy/images/build', ...args)).toEqual({
    code: 1,
    stdout: '',
    stderr: `images: no Docker engine answers at ${NOWHERE} (connect ENOENT /nowhere/docker.sock): start Docker, set DOCKER_HOST, or run this in deploy/with-engine\n`,
  });
});
