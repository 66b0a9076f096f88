import type { Command } from 'commander';
import { usageError } from '../../errors.ts';
import { repeatable } from '../../flags/service-options.ts';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags {
  readonly force?: boolean;
  readonly filter?: readonly string[];
}

export function addNetworkPrune(network: Command): void {
  const command = network
    .command('prune')
    .summary('Remove all networks that nothing is on')
    .description('Remove all networks that no service is on, but for the ingress network.')
    .addOption(
      repeatable(
        '--filter <key=value>',
        'only those that match: label, label!, until (a time, or 24h ago) (repeatable)',
        String,
      ),
    )
    .option('-f, --force', "don't ask");
  addVerdictOptions(command);
  addExamples(
    command,
    'muster network prune',
    'muster network prune --force --filter until=24h',
    'muster network prune --force --filter label!=keep',
  );
  command.action(async ({ force = false, filter = [], ...flags }: Flags) => {
    const { choosePruned } = await import('../../output/prune-filters.ts');
    const isChosen = choosePruned(filter, Date.now());
    await withCluster(command, async (context) => {
      const { pruneNetworks } = await import('../../wait/prune-networks.ts');
      if (!force && !(await confirm())) throw usageError('network prune has been cancelled');
      await pruneNetworks(context, isChosen, flags);
    });
  });
}

async function confirm(): Promise<boolean> {
  if (!process.stdin.isTTY) throw usageError('nobody can be asked: add --force');
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const warning = 'WARNING! This will remove all custom networks that no service is on.\n';
  try {
    return /^y(es)?$/i.test(
      (await lines.question(`${warning}Are you sure you want to continue? [y/N] `)).trim(),
    );
  } finally {
    lines.close();
  }
}
