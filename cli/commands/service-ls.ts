import type { Command } from 'commander';
import { addExamples, withCluster } from './context.ts';
import { addListOptions, addNoTrunc, type ListFlags } from './list-options.ts';

export function addServiceLs(service: Command): void {
  const command = service.command('ls').alias('list').summary('List services').description('List services.');
  addNoTrunc(addListOptions(command, ['id', 'name', 'label', 'mode']));
  addExamples(
    command,
    'muster service ls',
    'muster service ls --filter label=team=blue -q',
    "muster service ls --format 'table {{.Name}}\\t{{.Replicas}}'",
    'muster service ls --format json | jq .Name',
  );
  command.action(async ({ format, quiet, filter = [], trunc }: ListFlags) => {
    await withCluster(command, async ({ queries, terminal }) => {
      const { serviceColumns, serviceFilters, showService } = await import('../output/service-list.ts');
      const { filterItems } = await import('../output/filters.ts');
      const { printList } = await import('../output/list.ts');
      const found = filterItems(await queries.list('service.list', {}), filter, serviceFilters);
      const noTrunc = trunc === false;
      const items = found.map((view) => showService(view, { noTrunc }));
      const width = noTrunc ? undefined : terminal.width;
      terminal.write(printList(items, serviceColumns, {}, { format, quiet, width }));
    });
  });
}
