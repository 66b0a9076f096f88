// Who a node is: an id drawn once, the first time, and kept in the agent's directory.
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { idPattern } from '@muster/model';
import { drawId, replaceFile } from '@muster/runtime';
import { readIfThere } from './file-storage.ts';

export interface NodeIdentity {
  /** 25 characters of base36, as Docker's. */
  readonly nodeId: string;
  readonly hostname: string;
  /** It was drawn just now. */
  readonly isNew: boolean;
}

export const IDENTITY_FILE = 'node-id';

export async function loadIdentity(directory: string): Promise<NodeIdentity> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, IDENTITY_FILE);
  let nodeId = (await readIfThere(path))?.trim();
  const isNew = nodeId === undefined;
  if (nodeId === undefined) {
    nodeId = drawId();
    await replaceFile(path, `${nodeId}\n`);
  }
  if (!idPattern.test(nodeId)) {
    throw new Error(
      `${path} holds no node id (25 characters of a-z and 0-9): restore it, or delete it to join as a new node`,
    );
  }
  return { nodeId, hostname: hostname(), isNew };
}
