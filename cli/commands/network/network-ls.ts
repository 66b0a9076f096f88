import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addListOptions, addNoTrunc, type ListFlags } from '../object/list-options.ts';

interface NetworkListFlags extends ListFlags {
  readonly allTeams?: boolean;
}

export function addNetworkLs(network: Command): void {
  const command = network
    .command('ls')
    .alias('list')
    .summary('List networks')
    .description('List networks: those of the cluster, and those that every node has of its own.');
  addNoTrunc(addListOptions(command, ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type']));
  command.option('--all-teams', 'the networks of every team');
  addExamples(
    command,
    'muster network ls',
    'muster network ls --filter type=custom -q',
    "muster network ls --format 'table {{.Name}}\\t{{.Subnets}}\\t{{.Services}}'",
  );
  command.action(async ({ format, quiet, filter = [], trunc, allTeams = false }: NetworkListFlags) => {
    await withCluster(command, async ({ queries, team, terminal }) => {
      const { networkColumns, networkFilters, networkHeaders, predefinedNetworks, showNetwork } =
        await import('../../output/network-list.ts');
      const { filterItems } = await import('../../output/filters.ts');
      const { printTeamList } = await import('../../output/team-list.ts');
      const listed = [...(await queries.list('network.list', { team, allTeams })), ...predefinedNetworks];
      const noTrunc = trunc === false;
      const items = filterItems(listed, filter, networkFilters).map((view) => showNetwork(view, { noTrunc }));
      const width = noTrunc ? undefined : terminal.width;
      terminal.write(printTeamList(items, networkColumns, { format, quiet, width, headers: networkHeaders }));
    });
  });
}
