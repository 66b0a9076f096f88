// Who a node is: an id drawn once, the first time, and kept in the agent's directory.
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { idPattern } from '@muster/model';
import { drawId, replaceFile } from '@muster/runtime';
import { readIfThere } from './file-storage.ts';
import { isHeld } from './hold-directory.ts';

export interface NodeIdentity {
  /** 25 characters of base36, as Docker's. */
  readonly nodeId: string;
  readonly hostname: string;
  /** It was drawn just now. */
  readonly isNew: boolean;
}

export const IDENTITY_FILE = 'node-id';

/** A directory as it is found from outside. */
export interface AgentDirectory {
  readonly nodeId: string | undefined;
  /** An agent runs with it. */
  readonly isHeld: boolean;
}

/** Changes nothing; what can't be read is not there. */
export async function lookIntoDirectory(directory: string): Promise<AgentDirectory> {
  const [id, held] = await Promise.all([
    readIfThere(join(directory, IDENTITY_FILE)).catch(() => undefined),
    isHeld(directory).catch(() => false),
  ]);
  return { nodeId: id?.trim(), isHeld: held };
}

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
