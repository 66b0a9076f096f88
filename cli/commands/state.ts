import type { Command } from 'commander';
import { usageError } from '../errors.ts';
import { type Moment, parseMoment } from '../flags/moments.ts';
import { plainJson } from '../output/plain-text.ts';
import { addExamples, withCluster } from './context.ts';

export function addStateCommand(program: Command): void {
  const command = program
    .command('state')
    .summary('Show the cluster state, now or at any moment')
    .description('Show the state that the log folds to: now, or as it was at a sequence or a time.')
    .option('--at <when>', 'at a sequence (1234), 10m ago, or at a time')
    .option('--format <format>', 'json (the rows of the state) or hash', 'json');
  addExamples(
    command,
    'muster state --format hash',
    'muster state --at 120 --format hash',
    'muster state --at 10m | jq ".rows[] | select(.[0] == \\"service\\")"',
  );
  command.action(async ({ at, format }: { at?: string; format: string }) => {
    if (format !== 'json' && format !== 'hash')
      throw usageError(`unknown format "${format}": there is json and hash`);
    const when = at === undefined ? {} : { at: toQuery(parseMoment(at, Date.now())) };
    await withCluster(command, async ({ queries, terminal }) => {
      if (format === 'hash') {
        const { seq, time, hash } = (await queries.ask('state.hash', when)).answer;
        terminal.write(`${hash}  #${seq}  ${new Date(time).toISOString()}\n`);
        return;
      }
      const rows = await queries.list('state.rows', when);
      terminal.write(`{"rows":[\n${rows.map((row) => plainJson(row)).join(',\n')}\n]}\n`);
    });
  });
}

function toQuery(moment: Moment): number | string {
  return 'seq' in moment ? moment.seq : new Date(moment.time).toISOString();
}
