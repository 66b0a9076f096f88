// Finds a nats-server program that is new enough, where deploy/setup leaves one: MUSTER_NATS_SERVER, PATH, the user's
// cache. Never fetches one.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from './start-error.ts';

const run = promisify(execFile);

/** Streams of this version refuse, rather than ignore, a setting that they don't know. */
const OLDEST: readonly [major: number, minor: number] = [2, 12];
const WANTED = `${OLDEST.join('.')} or newer`;

/** Throws an error whose message is one sentence that says what to do. */
export async function findNatsServer(): Promise<string> {
  const named = process.env.MUSTER_NATS_SERVER;
  if (named !== undefined && named !== '') {
    const version = await versionOf(named);
    if (isNewEnough(version)) return named;
    const what = version === undefined ? 'no nats-server' : `nats-server ${version}`;
    throw new StartError(`MUSTER_NATS_SERVER is ${named}, which is ${what}: ${WANTED} is needed.`);
  }
  for (const path of [...onPath(), ...(await inCache())]) {
    if (isNewEnough(await versionOf(path))) return path;
  }
  throw new StartError(
    `There is no nats-server ${WANTED}: run deploy/setup, or put one on PATH, or name one in MUSTER_NATS_SERVER.`,
  );
}

function onPath(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, '/usr/sbin'].map((folder) => join(folder, 'nats-server'));
}

/** Newest first. */
async function inCache(): Promise<string[]> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'muster');
  const names = await readdir(cache).catch(() => []);
  return names
    .filter((name) => name.startsWith('nats-server-'))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => join(cache, name, 'nats-server'));
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 5_000 });
    return /^nats-server: v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined; // Not there, or no program of this machine.
  }
}

function isNewEnough(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
