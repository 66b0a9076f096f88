// An image for tests that needs no registry: the machine's static busybox and nothing else.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';

export interface TestImage {
  readonly docker: Docker;
  readonly name: string;
  remove(): Promise<void>;
}

const BUSYBOX = process.env.MUSTER_BUSYBOX ?? '/bin/busybox';

export async function makeTestImage(): Promise<TestImage> {
  const docker = new Docker();
  await docker.ping().catch((error) => {
    throw new Error(`this test needs a Docker engine: start one, or set DOCKER_HOST (${error.message})`);
  });
  if (!existsSync(BUSYBOX)) {
    throw new Error('this test needs a static busybox: install busybox-static, or set MUSTER_BUSYBOX');
  }
  const root = mkdtempSync(path.join(tmpdir(), 'muster-image-'));
  const name = `muster-test/backends:${process.pid}`;
  try {
    mkdirSync(path.join(root, 'bin'));
    cpSync(BUSYBOX, path.join(root, 'bin/busybox'), { dereference: true });
    for (const applet of ['sh', 'sleep']) symlinkSync('busybox', path.join(root, 'bin', applet));
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [repo, tag] = name.split(':');
    const progress = await docker.importImage(tar.stdout, { repo, tag, changes: 'ENV PATH=/bin' });
    await new Promise((resolve, reject) => {
      docker.modem.followProgress(progress, (error, output) => (error ? reject(error) : resolve(output)));
    });
  } finally {
    rmSync(root, { recursive: true });
  }
  return {
    docker,
    name,
    remove: async () => {
      await docker.getImage(name).remove({ force: true });
    },
  };
}

/** Names of the containers that have anything to do with a task. */
export async function findContainers(docker: Docker, taskId: string): Promise<string[]> {
  const containers = await docker.listContainers({ all: true });
  return containers
    .filter(({ Names, Labels }) => JSON.stringify([Names, Labels]).includes(taskId))
    .map(({ Names }) => Names[0]!);
}
