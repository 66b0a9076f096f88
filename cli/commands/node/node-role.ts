// `node promote` and `node demote`: a role grants nothing, and constraints see it.
import type { NodeRole } from '@muster/model';
import type { Command } from 'commander';
import type { AskOfNode } from '../../wait/ask-of-nodes.ts';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

export function addNodePromote(node: Command): void {
  const command = node
    .command('promote')
    .summary('Make one or several nodes managers')
    .description('Give nodes the role of a manager. It grants nothing: constraints (node.role) see it.');
  addRole(command, 'manager', (shown) => ({
    done: `Node ${shown} promoted to a manager in the swarm.`,
    already: `Node ${shown} is already a manager.`,
  }));
}

export function addNodeDemote(node: Command): void {
  const command = node
    .command('demote')
    .summary('Make one or several nodes workers')
    .description('Give nodes the role of a worker. It grants nothing: constraints (node.role) see it.');
  addRole(command, 'worker', (shown) => ({
    done: `Manager ${shown} demoted in the swarm.`,
    already: `Node ${shown} is already a worker.`,
  }));
}

function addRole(
  command: Command,
  role: NodeRole,
  say: (shown: string) => { readonly done: string; readonly already: string },
): void {
  command.usage('[OPTIONS] NODE [NODE...]').argument('<node...>', 'hostnames or IDs');
  addVerdictOptions(command);
  addExamples(command, `muster node ${command.name()} node1`, `muster node ${command.name()} node1 node2`);
  command.action(async (names: string[], flags: WaitFlags) => {
    await withCluster(command, async (context) => {
      const { askOfNodes } = await import('../../wait/ask-of-nodes.ts');
      const ask: AskOfNode = ({ shown, found }) => {
        const { done, already } = say(shown);
        if (found?.role === role) return { already };
        return { verb: 'update', body: { role }, announce: done };
      };
      await askOfNodes(context, names, flags, ask);
    });
  });
}
