// Keeps the node's resolver running: a process of its own, in the router's network, that goes on when the agent ends. Who starts
// next finds it by its pid, and starts another where there is none.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, type Logger, replaceFile, type Timer } from '@muster/runtime';
import { describeError } from '../tasks/patience.ts';

export interface ResolverProcessOptions {
  /** Where its pid and its log are. */
  readonly dir: string;
  readonly namesDir: string;
  /** The router's namespace. */
  readonly netns: string;
  readonly listen: string;
  /** muster itself, as this machine runs it. */
  readonly program: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ResolverProcess {
  /** It is looked after no more, and goes on. Resolves when none is being started either. */
  stop(): Promise<void>;
}

/** In the same folder as its pid: what it has counted. */
export const COUNTS_FILE = 'resolver.counts';
const LOOK_EVERY_MS = 2_000;

export function keepResolver(options: ResolverProcessOptions): ResolverProcess {
  const { clock, logger } = options;
  let timer: Timer | undefined;
  let isStopped = false;
  let looking = Promise.resolve();

  async function lookOnce(): Promise<void> {
    if ((await findResolver(options)) === undefined && !isStopped) await start(options);
  }

  function look(): void {
    looking = lookOnce()
      .catch((error) => logger.warn({ err: describeError(error) }, 'the resolver of the node does not start'))
      .finally(() => {
        if (!isStopped) timer = clock.schedule(LOOK_EVERY_MS, look);
      });
  }

  look();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
      return looking;
    },
  };
}

/** Ends it, whoever started it. */
export async function endResolver(options: Pick<ResolverProcessOptions, 'dir' | 'namesDir'>): Promise<void> {
  const pid = await findResolver(options);
  if (pid !== undefined) process.kill(pid, 'SIGTERM');
  await rm(pidFileOf(options.dir), { force: true });
  await rm(options.namesDir, { recursive: true, force: true });
}

async function start({ dir, namesDir, netns, listen, program }: ResolverProcessOptions): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const log = openSync(path.join(dir, 'resolver.log'), 'a');
  const counts = ['--counts', path.join(dir, COUNTS_FILE)];
  const asked = ['resolver', '--listen', listen, '--names', namesDir, ...counts];
  const command = [`--net=${netns}`, '--', ...program, ...asked];
  const child = spawn('nsenter', command, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(child, 'spawn');
  child.unref();
  // nsenter becomes the program, and keeps its pid.
  await replaceFile(pidFileOf(dir), String(child.pid));
}

/** A pid may be anybody's by now: the folder in its arguments tells. */
export async function findResolver({
  dir,
  namesDir,
}: Pick<ResolverProcessOptions, 'dir' | 'namesDir'>): Promise<number | undefined> {
  const pid = Number(await readFile(pidFileOf(dir), 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes(namesDir) ? pid : undefined;
}

function pidFileOf(dir: string): string {
  return path.join(dir, 'resolver.pid');
}
