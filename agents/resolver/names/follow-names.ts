// Keeps what is answered from as the agent's files have it. What can't be read leaves standing what was read before, and is
// said; news comes from the kernel, and once a second a look at the folder finds what got lost on the way.
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, createSparingLogger, type Logger, takeSteps } from '@muster/runtime';
import type { Counts } from '../counts.ts';
import { type Directory, emptyDirectory, type NamedNetwork } from './directory.ts';
import { ASKERS_FILE, readNetworkFile } from './forms.ts';
import { readAskers, readNetwork } from './read-files.ts';

export interface NamesFollower {
  /** What is known now; replaced as a whole. */
  readonly directory: Directory;
  /** Files that can't be read, with why. */
  readonly broken: ReadonlyMap<string, string>;
  stop(): void;
}

export interface FollowOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counts: Counts;
  /** Looked at as often as the folder is. */
  readonly beside?: () => Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const MISSING = 'missing';

/** Resolves when all that is there has been read. */
export async function followNames(options: FollowOptions): Promise<NamesFollower> {
  const { folder, clock, logger, counts, beside } = options;
  const sparing = createSparingLogger(logger, clock);
  let directory = emptyDirectory;
  /** What was read of each file, by when it was written. */
  const stamps = new Map<string, string>();
  const broken = new Map<string, string>();
  let watcher: FSWatcher | undefined;
  let watched: number | undefined;
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  /** One look at a time, and one more after it when there was news meanwhile. */
  function look(): Promise<void> {
    if (looking) {
      again = true;
      return looking;
    }
    looking = (async () => {
      do {
        again = false;
        await lookOnce();
      } while (again && !stopped);
    })()
      .catch((error: Error) =>
        sparing.error({ error: error.message, folder }, 'the names can not be looked at'),
      )
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  async function lookOnce(): Promise<void> {
    await watchFolder();
    const files = (await readdir(folder)).filter((file) => file === ASKERS_FILE || readNetworkFile(file));
    for (const file of files) await readIfNew(file);
    for (const file of stamps.keys()) if (!files.includes(file)) miss(file);
  }

  async function readIfNew(file: string): Promise<void> {
    const path = join(folder, file);
    const found = await stat(path).catch(() => undefined);
    if (!found) return;
    const stamp = `${found.ino}:${found.size}:${found.mtimeMs}`;
    if (stamps.get(file) === stamp) return;
    stamps.set(file, stamp);
    try {
      await take(file, await readFile(path, 'utf8'));
      if (broken.delete(file)) logger.info({ file }, 'the names can be read again');
    } catch (error) {
      note(file, (error as Error).message);
    }
  }

  async function take(file: string, text: string): Promise<void> {
    const id = readNetworkFile(file);
    if (id === undefined) directory = { ...directory, askers: await takeSteps(readAskers(text), clock) };
    else setNetwork(id, await takeSteps(readNetwork(text, id), clock));
  }

  function setNetwork(id: string, network: NamedNetwork | undefined): void {
    const networks = new Map(directory.networks);
    if (network) networks.set(id, network);
    else networks.delete(id);
    directory = { ...directory, networks };
  }

  /** A network that nobody here is on any more is forgotten. What is still needed is missing by mistake, and stands. */
  function miss(file: string): void {
    const id = readNetworkFile(file);
    if (id !== undefined && !isAskedOn(id)) {
      stamps.delete(file);
      broken.delete(file);
      setNetwork(id, undefined);
    } else if (stamps.get(file) !== MISSING) {
      stamps.set(file, MISSING);
      note(file, 'it is missing');
    }
  }

  function isAskedOn(id: string): boolean {
    for (const { networks } of directory.askers.values()) if (networks.includes(id)) return true;
    return false;
  }

  function note(file: string, error: string): void {
    counts.failures['broken-file'] += 1;
    if (broken.get(file) === error) return;
    broken.set(file, error);
    logger.error({ file: join(folder, file), error }, 'names can not be read: what was read before stands');
  }

  /** A folder that was made anew is another one. */
  async function watchFolder(): Promise<void> {
    const found = await stat(folder).catch(() => undefined);
    if (found && found.ino === watched) return;
    watcher?.close();
    watched = undefined;
    if (!found) {
      // Somebody's mistake: the agent will write it again, and nothing is forgotten meanwhile.
      await mkdir(folder, { recursive: true });
      throw new Error('the folder is missing');
    }
    try {
      watcher = watch(folder, () => start());
      watcher.on('error', () => {
        watched = undefined;
      });
      watched = found.ino;
    } catch (error) {
      // The kernel has only so many of them (fs.inotify.max_user_instances), which others may have taken.
      const { message } = error as Error;
      sparing.warn(
        { error: message, folder },
        'the names can not be watched: they are looked at every second',
      );
    }
  }

  function start(): void {
    // It never rejects.
    if (!stopped) look().catch(() => undefined);
  }

  let timer = clock.schedule(LOOK_EVERY_MS, tick);
  function tick(): void {
    timer = clock.schedule(LOOK_EVERY_MS, tick);
    start();
    beside?.().catch(() => undefined);
  }

  await mkdir(folder, { recursive: true });
  await beside?.();
  await look();
  return {
    get directory() {
      return directory;
    },
    broken,
    stop() {
      stopped = true;
      timer.cancel();
      watcher?.close();
    },
  };
}
