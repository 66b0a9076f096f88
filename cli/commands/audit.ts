import type { Command } from 'commander';
import { addExamples, withCluster } from './context.ts';

export function addAuditCommand(program: Command): void {
  const command = program
    .command('audit')
    .summary('Show the chain from intent to container')
    .description(
      'Show the chain from intent to container: who asked, what was decided and why, what happened. A name stands for every service that ever had it; what is long removed is found as well.',
    )
    .usage('[OPTIONS] [SERVICE|TASK]')
    .argument('[service|task]', 'a service, a slot such as web.1, or the ID of either')
    .option('--format <format>', 'json, or a Go template over .Seq .Time .Kind .Who .What .Why .Cause');
  addExamples(
    command,
    'muster audit web',
    'muster audit web.1',
    'muster audit --team payments web',
    'muster audit --format json q1w2e3r4t5y6',
  );
  command.action(async (about: string | undefined, { format }: { format?: string }) => {
    await withCluster(command, async ({ queries, team, terminal }) => {
      const { formatEntry } = await import('../events/audit-text.ts');
      const print = formatEntry(format, terminal);
      const entries = await queries.list('audit', about === undefined ? {} : { about, team });
      terminal.write(entries.map(print).join(''));
    });
  });
}
