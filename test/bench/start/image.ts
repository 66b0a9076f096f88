// What all contenders run: an image made here, never pulled.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inProject } from '../../harness/root.ts';

export const IMAGE = 'muster/demo:1';
export const COMMAND = ['sleep', '1000000'];
/** The first process of a container ignores most signals: the grace period must not be what is measured. */
export const STOP_SIGNAL = 'SIGKILL';

export async function buildImages(dockerHost: string): Promise<void> {
  await promisify(execFile)(inProject('deploy', 'images', 'build'), [], {
    env: { ...process.env, DOCKER_HOST: dockerHost },
  });
}
