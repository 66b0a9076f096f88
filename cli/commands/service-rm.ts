import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { addExamples, withCluster } from './context.ts';
import { addWaitOptions, type WaitFlags } from './wait-options.ts';

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
      const { followAccepted, resolveName, submit } = await import('../wait/submit.ts');
      const accepted: Awaited<ReturnType<typeof submit>>[] = [];
      const refused: string[] = [];
      for (const shown of names) {
        try {
          const named = await resolveName(context, shown);
          accepted.push(await submit(context, { verb: 'remove', ...named, body: undefined, shown }, flags));
          context.terminal.write(`${shown}\n`);
        } catch (error) {
          // As Docker does, the others are removed all the same.
          if (!isRefusal(error)) throw error;
          refused.push(error.message);
        }
      }
      for (const one of accepted) await followAccepted(context, one, flags);
      if (refused.length > 0) throw new CliError(refused.join('\nError: '));
    });
  });
}

function isRefusal(error: unknown): error is Error {
  return error instanceof CliError || (error instanceof Error && error.name === 'QueryRefusedError');
}
