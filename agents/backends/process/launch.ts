// Starts a task's wrapper, detached: it is the agent's child for as long as there is the agent, and nothing of it
// depends on that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CommandPlace } from './environment.ts';
import { locateCommand, locateOutput } from './task-files.ts';
import { WRAPPER_NAME, wrapper, writeCommand } from './wrapper.ts';

/** The wrapper finds its own tools with the agent's path, and gets nothing else: not the task's, and no credentials. */
const WRAPPER_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Resolves when the command is about to run, or will not, with a promise of its end inside. */
export async function launch(
  directory: string,
  command: readonly string[],
  place: CommandPlace,
): Promise<{ readonly ended: Promise<void> }> {
  writeFileSync(locateCommand(directory), writeCommand(command, place.env), { mode: 0o600 });
  const stdout = openSync(locateOutput(directory, 'stdout'), 'a', 0o600);
  const stderr = openSync(locateOutput(directory, 'stderr'), 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', wrapper, WRAPPER_NAME, directory], {
      cwd: place.cwd,
      env: { PATH: process.env.PATH ?? WRAPPER_PATH },
      detached: true,
      stdio: ['ignore', stdout, 'ignore', 'pipe', stderr],
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const ready = child.stdio[3] as Readable;
  await Promise.race([once(ready, 'data'), ended, failed]);
  ready.destroy();
  child.unref();
  return { ended };
}
