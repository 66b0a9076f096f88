// `muster node`: the group. One file a command.
import type { Command } from 'commander';
import { addNodeInspect } from './node-inspect.ts';
import { addNodeLs } from './node-ls.ts';
import { addNodePs } from './node-ps.ts';
import { addNodeRm } from './node-rm.ts';
import { addNodeDemote, addNodePromote } from './node-role.ts';
import { addNodeUpdate } from './node-update.ts';

export function addNodeCommand(program: Command): void {
  const node = program.command('node').summary('Manage nodes').description('Manage nodes.');
  addNodeDemote(node);
  addNodeInspect(node);
  addNodeLs(node);
  addNodePromote(node);
  addNodePs(node);
  addNodeRm(node);
  addNodeUpdate(node);
}
