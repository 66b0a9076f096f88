// The networks of several nodes on one machine: a host's for each of them, and nothing left of those that are not run any more.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findUnderlay, lookIntoDirectory, removeNetworks } from '@muster/agent';
import { makeLocalHosts, removeLocalHost, removeLocalHosts, whatIsMissing } from '@muster/network';
import { locateRun, type NetworkFlags } from './network-settings.ts';

export interface LocalNetwork {
  /** What the nth node is to be started with. */
  flagsOf(index: number): NetworkFlags;
  /** The nth is no node any more, and its networks are gone. */
  remove(index: number): Promise<void>;
  removeAll(): Promise<void>;
}

export interface LocalNetworkOptions extends NetworkFlags {
  readonly clusterId: string | undefined;
  /** Of the cluster on this machine, and the folder in it where a folder of each node is. */
  readonly dir: string;
  readonly nodesDir: string;
  /** Those that are run. */
  readonly nodes: readonly string[];
  readonly onStep: (step: string) => void;
}

/** For nodes beside an engine. What can't be had is said, and the first node goes on without it. */
export async function makeLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const { dir, nodes, networks, dataPathAddr, onStep } = options;
  const isWanted = networks !== false && (await whatIsMissing()).length === 0;
  const first = { networks, dataPathAddr };
  const alone: LocalNetwork = {
    flagsOf: (index) => (index === 0 ? first : { networks: false }),
    remove: async () => undefined,
    removeAll: async () => undefined,
  };
  if (!isWanted) return alone;
  try {
    await forgetOthers(options);
    if (nodes.length < 2) {
      await removeLocalHosts(dir);
      return alone;
    }
    const hosts = await makeLocalHosts(dir, nodes.length);
    const machine = dataPathAddr ?? (await findUnderlay()) ?? hosts[0]!.underlay;
    return {
      flagsOf: (index) =>
        index === 0
          ? { networks, dataPathAddr: machine }
          : { networks, dataPathAddr: hosts[index]!.underlay, host: hosts[index]!.netns },
      remove: async (index) => {
        if (index > 0) await removeLocalHost(dir, index + 1);
      },
      removeAll: () => removeLocalHosts(dir),
    };
  } catch (error) {
    onStep(`only the first node has part in networks: ${(error as Error).message}`);
    return alone;
  }
}

/** Nodes of an earlier start that this one has not. Two of them would want the machine's own network. */
async function forgetOthers({ nodesDir, nodes, clusterId }: LocalNetworkOptions): Promise<void> {
  for (const name of await readdir(nodesDir).catch(() => [])) {
    if (nodes.includes(name)) continue;
    const { nodeId, isHeld } = await lookIntoDirectory(join(nodesDir, name));
    if (nodeId !== undefined && !isHeld) await removeNetworks({ nodeId, clusterId, dir: locateRun(nodeId) });
  }
}
