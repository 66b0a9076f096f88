// What a node of this machine needs to have part in networks. Nothing where nobody could reach it.
import { resolve } from 'node:path';
import { findUnderlay, type NetworkSettings } from '@muster/agent';
import type { EndpointStore } from '@muster/log';
import type { Logger } from '@muster/runtime';

export interface NetworkFlags {
  /** False for `--no-networks`. */
  readonly networks?: boolean | undefined;
  readonly dataPathAddr?: string | undefined;
  /** The namespace that is the node's machine, where it is not this one. */
  readonly host?: string | undefined;
}

/** Not where the node's files are: what is in it ends with the machine's run, and a socket's path has to be short. */
const RUN_DIR = '/run/muster';

export function locateRun(nodeId: string): string {
  return `${RUN_DIR}/${nodeId}`;
}

export async function chooseNetworks(
  nodeId: string,
  { networks, dataPathAddr, host }: NetworkFlags,
  endpoints: EndpointStore,
  logger: Logger,
): Promise<NetworkSettings | undefined> {
  if (networks === false) return undefined;
  const underlay = dataPathAddr ?? (await findUnderlay());
  if (underlay === undefined) {
    logger.warn('the node has no part in networks: no other machine could reach this one (--data-path-addr)');
    return undefined;
  }
  const program = [process.execPath, ...process.execArgv, resolve(process.argv[1]!)];
  return { underlay, host, dir: locateRun(nodeId), program, endpoints };
}
