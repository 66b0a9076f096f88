// A namespace of ours: a name in /run/netns, kept by a mount.
import { rmSync, statSync } from 'node:fs';
import type { RouterNames } from '../router-names.ts';
import { runOrFail } from './run.ts';

type Namespace = Pick<RouterNames, 'netns' | 'netnsPath'>;

/** Says whether it had to be made. */
export async function makeNamespace({ netns, netnsPath }: Namespace): Promise<boolean> {
  if (isNamespace(netnsPath)) return false;
  // Who was killed in the middle of this has left a file and no namespace.
  rmSync(netnsPath, { force: true });
  await runOrFail(undefined, ['ip', 'netns', 'add', netns]);
  return true;
}

export async function removeNamespace({ netns, netnsPath }: Namespace): Promise<void> {
  if (isNamespace(netnsPath)) await runOrFail(undefined, ['ip', 'netns', 'del', netns]);
  rmSync(netnsPath, { force: true });
}

export function isNamespace(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.dev === statSync('/proc/self/ns/net').dev;
}
