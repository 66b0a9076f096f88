import { type Command, Option } from 'commander';
import { usageError } from '../../errors.ts';
import { parseMoment } from '../../flags/moments.ts';
import { refuseFlags } from '../../flags/unsupported.ts';
import { addExamples, withCluster } from '../context.ts';

interface LogsFlags {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
  readonly taskIds?: boolean;
  readonly trunc?: boolean;
  readonly resolve?: boolean;
}

/** `muster service logs`, and `muster logs`, which is the same. */
export function addLogsCommand(parent: Command): void {
  const command = parent
    .command('logs')
    .summary('Show the output of a service or a task')
    .description('Show the output of the tasks of a service, or of one task, as their nodes have it.')
    .usage('[OPTIONS] SERVICE|TASK')
    .argument('<service|task>', 'name or ID')
    .option('-f, --follow', 'go on with what is written from now on')
    .addOption(new Option('-n, --tail <lines>', 'lines from the end of each task, or "all"').default('all'))
    .option('--since <when>', 'from then on: 10m, or a time such as 2026-01-31T12:00:00Z')
    .option('-t, --timestamps', 'show when each line was written')
    .option('--raw', 'the lines alone')
    .option('--no-task-ids', "don't show task IDs")
    .option('--no-resolve', 'IDs instead of names')
    .option('--no-trunc', "don't cut task IDs");
  refuseFlags(command, ['details', 'until']);
  const path = parent.parent ? `muster ${parent.name()} logs` : 'muster logs';
  addExamples(
    command,
    `${path} web`,
    `${path} --follow --tail 10 web`,
    `${path} --since 5m --timestamps web.2`,
  );
  command.action(async (target: string, flags: LogsFlags) => {
    const tail = parseTail(flags.tail ?? 'all');
    const since = flags.since === undefined ? undefined : parseMoment(flags.since, Date.now());
    if (since !== undefined && !('time' in since)) throw usageError('--since is a duration or a time here');
    await withCluster(command, async (context) => {
      const { showLogs } = await import('../../logs/show-logs.ts');
      await showLogs(context, target, {
        follow: flags.follow === true,
        tail,
        since: since?.time,
        timestamps: flags.timestamps === true,
        raw: flags.raw === true,
        taskIds: flags.taskIds !== false,
        noTrunc: flags.trunc === false,
        noResolve: flags.resolve === false,
      });
    });
  });
}

function parseTail(text: string): number | undefined {
  if (text === 'all') return undefined;
  // As Docker: a number that is none, or negative, is all.
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
