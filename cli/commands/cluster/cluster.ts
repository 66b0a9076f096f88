// `muster cluster`: the group. One file a command.
import type { Command } from 'commander';
import { addClusterUpdate } from './cluster-update.ts';

export function addClusterCommand(program: Command): void {
  const cluster = program
    .command('cluster')
    .summary('Manage the cluster itself')
    .description('Manage the cluster itself.');
  addClusterUpdate(cluster);
}
