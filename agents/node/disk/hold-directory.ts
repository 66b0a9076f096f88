// One agent at a time has a directory: with the node's identity in it, two would be the same node. Who was killed holds
// nothing any more, as the record names a process by its birth. Where that can't be seen, as from another pid namespace, the
// log tells two agents apart (own-events.ts).
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcess, readBootId } from '@muster/runtime';
import { readIfThere } from './file-storage.ts';

const LOCK_FILE = 'agent.lock';

class DirectoryHeldError extends Error {
  override readonly name = 'DirectoryHeldError';
  constructor(directory: string, pid: unknown) {
    super(
      `another agent (process ${pid}) runs with the directory ${directory}: stop it, or give this one a directory of its own with --dir`,
    );
  }
}

export interface Hold {
  /** May be called twice. */
  release(): Promise<void>;
}

/** Throws when another agent has it. */
export async function holdDirectory(directory: string): Promise<Hold> {
  const path = join(directory, LOCK_FILE);
  const own = JSON.stringify({ pid: process.pid, birth: findBirth(process.pid), id: randomUUID() });
  while (!(await create(path, own))) {
    const found = await readIfThere(path);
    if (found === undefined) continue;
    const { pid } = readHolder(found);
    if (isAlive(found)) {
      throw new DirectoryHeldError(directory, pid);
    }
    await drop(path, found);
  }
  return {
    release: () => drop(path, own),
  };
}

/** Whether an agent is seen to have it. */
export async function isHeld(directory: string): Promise<boolean> {
  const found = await readIfThere(join(directory, LOCK_FILE));
  return found !== undefined && isAlive(found);
}

/** With its content, or not at all; false when there is one. */
async function create(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Takes it away, if it is still the one that was read. */
async function drop(path: string, content: string): Promise<void> {
  if ((await readIfThere(path)) !== content) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Somebody was faster, and holds it now.
  if ((await readIfThere(aside)) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

interface Holder {
  readonly pid?: unknown;
  readonly birth?: unknown;
}

function readHolder(content: string): Holder {
  try {
    return (JSON.parse(content) ?? {}) as Holder;
  } catch {
    return {};
  }
}

function isAlive(content: string): boolean {
  const { pid, birth } = readHolder(content);
  if (typeof pid !== 'number') return false;
  if (hasProc()) return birth !== undefined && findBirth(pid) === birth;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Undefined for one that has ended, and where there is no /proc. */
function findBirth(pid: number): string | undefined {
  if (!hasProc()) return undefined;
  const found = findProcess(pid);
  if (!found || found.state === 'Z' || found.state === 'X') return undefined;
  return `${readBootId()} ${found.startTicks}`;
}

function hasProc(): boolean {
  return existsSync('/proc/self/stat');
}
