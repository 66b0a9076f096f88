import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags {
  readonly force?: boolean;
}

export function addNetworkRm(network: Command): void {
  const command = network
    .command('rm')
    .alias('remove')
    .summary('Remove one or several networks')
    .description('Remove networks. One that a service is on is not removed.')
    .usage('[OPTIONS] NETWORK [NETWORK...]')
    .argument('<network...>', 'names or IDs')
    .option('-f, --force', "it is no error when one doesn't exist");
  addVerdictOptions(command);
  addExamples(command, 'muster network rm backend', 'muster network rm --force front back');
  command.action(async (names: string[], { force = false, ...flags }: Flags) => {
    await withCluster(command, async (context) => {
      const { removeNetworks } = await import('../../wait/remove-networks.ts');
      await removeNetworks(context, names, { ...flags, force });
    });
  });
}
