// Takes a node's networks off its machine, whoever made them and whether or not its agent runs.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { removeRouter } from '@muster/network';
import type { NetworkSettings } from './networks.ts';
import { endResolver } from './resolver-process.ts';

export interface NetworksOfNode extends Pick<NetworkSettings, 'dir' | 'host'> {
  readonly nodeId: string;
  /** Undefined where the node has never heard of one. */
  readonly clusterId: string | undefined;
}

export async function removeNetworks({ nodeId, clusterId, dir, host }: NetworksOfNode): Promise<void> {
  await endResolver({ dir, namesDir: locateNames(dir) });
  if (clusterId !== undefined)
    await removeRouter({ clusterId, nodeId, runDir: dir, ...(host !== undefined && { host }) });
  await rm(dir, { recursive: true, force: true });
}

export function locateNames(dir: string): string {
  return path.join(dir, 'names');
}
