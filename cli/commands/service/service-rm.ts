import type { Command } from 'commander';
import { addExamples, withCluster } from '../context.ts';
import { addWaitOptions, type WaitFlags } from '../wait-options.ts';

export function addServiceRm(service: Command): void {
  const command = service
    .command('rm')
    .alias('remove')
    .summary('Remove one or several services')
    .description(
      'Remove services with all their tasks, and wait until the tasks are gone. Names are free at once.',
    )
    .usage('[OPTIONS] SERVICE [SERVICE...]')
    .argument('<service...>', 'names or IDs');
  addWaitOptions(command);
  addExamples(command, 'muster service rm web', 'muster service rm -d web api');
  command.action(async (names: string[], flags: WaitFlags) => {
    await withCluster(command, async (context) => {
      const { submitEach } = await import('../../wait/submit-each.ts');
      const wanted = names.map(
        (service) => ({ service, verb: 'remove', body: undefined, announce: service }) as const,
      );
      await submitEach(context, wanted, flags);
    });
  });
}
