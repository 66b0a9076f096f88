import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addListOptions, type ListFlags } from '../object/list-options.ts';

export function addNodeLs(node: Command): void {
  const command = node.command('ls').alias('list').summary('List nodes').description('List nodes.');
  addListOptions(command, ['id', 'name', 'label', 'role', 'availability', 'status']);
  addExamples(
    command,
    'muster node ls',
    'muster node ls --filter status=down',
    "muster node ls --format 'table {{.Hostname}}\\t{{.Status}}\\t{{.StatusMessage}}'",
  );
  command.action(async ({ format, quiet, filter = [] }: ListFlags) => {
    await withCluster(command, async ({ queries, terminal }) => {
      const { nodeColumns, nodeFilters, nodeHeaders, showNode } = await import('../../output/node-list.ts');
      const { filterItems } = await import('../../output/filters.ts');
      const { printList } = await import('../../output/list.ts');
      const found = filterItems(await queries.list('node.list', {}), filter, nodeFilters);
      const { width } = terminal;
      terminal.write(printList(found.map(showNode), nodeColumns, nodeHeaders, { format, quiet, width }));
    });
  });
}
