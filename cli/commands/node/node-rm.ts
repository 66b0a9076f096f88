import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags {
  readonly force?: boolean;
}

export function addNodeRm(node: Command): void {
  const command = node
    .command('rm')
    .alias('remove')
    .summary('Remove one or several nodes from the cluster')
    .description(
      'Take nodes out of the cluster: those that are down, or any with --force. What runs there is replaced elsewhere, and ends there. An agent that is started again joins as a new node.',
    )
    .usage('[OPTIONS] NODE [NODE...]')
    .argument('<node...>', 'hostnames or IDs')
    .option('-f, --force', 'remove nodes that are not down');
  addVerdictOptions(command);
  addExamples(command, 'muster node rm node3', 'muster node rm --force node3 node4');
  command.action(async (names: string[], { force, ...flags }: Flags) => {
    await withCluster(command, async (context) => {
      const { askOfNodes } = await import('../../wait/ask-of-nodes.ts');
      const body = force ? { force } : {};
      await askOfNodes(context, names, flags, ({ shown }) => ({ verb: 'remove', body, announce: shown }));
    });
  });
}
