// `muster network`: the group. One file a command.
import type { Command } from 'commander';
import { addNetworkCreate } from './network-create.ts';
import { addNetworkInspect } from './network-inspect.ts';
import { addNetworkLs } from './network-ls.ts';
import { addNetworkPrune } from './network-prune.ts';
import { addNetworkRm } from './network-rm.ts';
import { addNetworkWhy } from './network-why.ts';

export function addNetworkCommand(program: Command): void {
  const network = program.command('network').summary('Manage networks').description('Manage networks.');
  addNetworkCreate(network);
  addNetworkInspect(network);
  addNetworkLs(network);
  addNetworkPrune(network);
  addNetworkRm(network);
  addNetworkWhy(network);
}
