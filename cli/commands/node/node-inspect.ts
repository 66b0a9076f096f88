import type { Command } from 'commander';
import { usageError } from '../../errors.ts';
import { addExamples, withCluster } from '../context.ts';
import { inspectObjects } from '../object/inspect-objects.ts';

export function addNodeInspect(node: Command): void {
  const command = node
    .command('inspect')
    .summary('Show everything about one or several nodes')
    .description('Show everything about one or several nodes.')
    .usage('[OPTIONS] NODE [NODE...]')
    .argument('<node...>', 'hostnames or IDs')
    .option('-f, --format <format>', 'json, or a Go template')
    .option('--pretty', 'print for people');
  addExamples(
    command,
    'muster node inspect node1',
    'muster node inspect --pretty node1',
    "muster node inspect --format '{{.Status.State}}' node1",
  );
  command.action(async (names: string[], { format, pretty }: { format?: string; pretty?: boolean }) => {
    if (pretty && format !== undefined) throw usageError('--format is incompatible with --pretty');
    await withCluster(command, async (context) => {
      const { toDockerNode } = await import('../../output/docker-json.ts');
      const { printNodePretty } = await import('../../output/pretty-node.ts');
      const find = async (name: string) => (await context.queries.ask('node.inspect', { node: name })).answer;
      await inspectObjects(context, names, find, {
        format,
        toObject: toDockerNode,
        ...(pretty && { pretty: printNodePretty }),
      });
    });
  });
}
