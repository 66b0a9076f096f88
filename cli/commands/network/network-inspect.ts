import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { inspectObjects } from '../object/inspect-objects.ts';

export function addNetworkInspect(network: Command): void {
  const command = network
    .command('inspect')
    .summary('Show everything about one or several networks')
    .description(
      'Show everything about one or several networks: their subnets, which node gives addresses of which part, and who is on them.',
    )
    .usage('[OPTIONS] NETWORK [NETWORK...]')
    .argument('<network...>', 'names or IDs')
    .option('-f, --format <format>', 'json, or a Go template')
    .option('-v, --verbose', 'the tasks of services as well');
  addExamples(
    command,
    'muster network inspect backend',
    'muster network inspect --verbose backend',
    "muster network inspect --format '{{(index .IPAM.Config 0).Subnet}}' backend",
  );
  command.action(
    async (names: string[], { format, verbose = false }: { format?: string; verbose?: boolean }) => {
      await withCluster(command, async (context) => {
        const { toDockerNetwork } = await import('../../output/docker-network.ts');
        const { findNetwork } = await import('../../wait/find-network.ts');
        const toObject = (found: Parameters<typeof toDockerNetwork>[0]) =>
          toDockerNetwork(found, { verbose });
        await inspectObjects(context, names, (name) => findNetwork(context, name), { format, toObject });
      });
    },
  );
}
