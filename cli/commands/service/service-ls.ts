import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addListOptions, addNoTrunc, type ListFlags } from '../object/list-options.ts';

interface ServiceListFlags extends ListFlags {
  readonly allTeams?: boolean;
}

export function addServiceLs(service: Command): void {
  const command = service.command('ls').alias('list').summary('List services').description('List services.');
  addNoTrunc(addListOptions(command, ['id', 'name', 'label', 'mode']));
  command.option('--all-teams', 'the services of every team');
  addExamples(
    command,
    'muster service ls',
    'muster service ls --team payments',
    'muster service ls --all-teams',
    'muster service ls --filter label=team=blue -q',
    "muster service ls --format 'table {{.Name}}\\t{{.Replicas}}'",
    'muster service ls --format json | jq .Name',
  );
  command.action(async ({ format, quiet, filter = [], trunc, allTeams = false }: ServiceListFlags) => {
    await withCluster(command, async ({ queries, team, terminal }) => {
      const { serviceColumns, serviceFilters, showService } = await import('../../output/service-list.ts');
      const { filterItems } = await import('../../output/filters.ts');
      const { printTeamList } = await import('../../output/team-list.ts');
      const listed = await queries.list('service.list', { team, allTeams });
      const found = filterItems(listed, filter, serviceFilters);
      const noTrunc = trunc === false;
      const items = found.map((view) => showService(view, { noTrunc }));
      const width = noTrunc ? undefined : terminal.width;
      terminal.write(printTeamList(items, serviceColumns, { format, quiet, width }));
    });
  });
}
