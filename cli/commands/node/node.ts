// `muster node`: the group. One file a command.
import type { Command } from 'commander';
import { refuseCommands } from '../../flags/unsupported.ts';
import { addNodeInspect } from './node-inspect.ts';
import { addNodeLs } from './node-ls.ts';
import { addNodePs } from './node-ps.ts';

export function addNodeCommand(program: Command): void {
  const node = program.command('node').summary('Look at nodes').description('Look at nodes.');
  addNodeInspect(node);
  addNodeLs(node);
  addNodePs(node);
  refuseCommands(node, ['update', 'rm', 'promote', 'demote']);
}
