// Starts a task's wrapper, detached: it is the agent's child for as long as there is the agent, and nothing of it
// depends on that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { CommandPlace } from './environment.ts';
import { locateOutput } from './task-files.ts';
import { wrapper } from './wrapper.ts';

/** Resolves when the command is about to run, or will not, with a promise of its end inside. */
export async function launch(
  directory: string,
  command: readonly string[],
  place: CommandPlace,
): Promise<{ readonly ended: Promise<void> }> {
  const stdout = openSync(locateOutput(directory, 'stdout'), 'a', 0o600);
  const stderr = openSync(locateOutput(directory, 'stderr'), 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', wrapper, 'muster-task', directory, ...command], {
      ...place,
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
