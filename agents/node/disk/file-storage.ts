// The agent's storage as a file in its directory, replaced as a whole.
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '@muster/runtime';
import type { AgentStorage } from './storage.ts';

export const PROGRESS_FILE = 'progress.json';

export function createFileStorage(directory: string): AgentStorage {
  const path = join(directory, PROGRESS_FILE);
  return {
    async load() {
      const text = await readIfThere(path);
      return text === undefined ? undefined : JSON.parse(text);
    },
    async save(value) {
      await mkdir(directory, { recursive: true });
      await replaceFile(path, JSON.stringify(value));
    },
    setAside: (name) => rename(path, join(directory, `progress.${name}.json`)),
  };
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
