import { type Command, Option } from 'commander';
import { parseMoment } from '../flags/moments.ts';
import { repeatable } from '../flags/service-options.ts';
import { refuseFlags } from '../flags/unsupported.ts';
import { wholeValue } from '../flags/values.ts';
import { addExamples, withCluster } from './context.ts';

interface EventsFlags {
  readonly follow?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly tail?: number;
  readonly service?: readonly string[];
  readonly node?: readonly string[];
  readonly format?: string;
}

export function addEventsCommand(program: Command): void {
  const command = program
    .command('events')
    .summary('Show what happened: who, what and why')
    .description('Show the log, a line for each event: when, its sequence, who, what and why.')
    .option('-f, --follow', 'go on with what happens from now on, over outages too')
    .option('--since <when>', 'from a sequence (1234), 10m ago, or a time')
    .option('--until <when>', 'to a sequence, a duration ago, or a time')
    .addOption(new Option('-n, --tail <n>', 'only the last n').argParser(wholeValue))
    .addOption(repeatable('--service <service>', 'only what is about this service (repeatable)', String))
    .addOption(repeatable('--node <node>', 'only what is about this node (repeatable)', String))
    .option(
      '--format <format>',
      'json, or a Go template over .Seq .Time .Who .What .Why .Cause .Subject .Type',
    );
  refuseFlags(command, ['filter']);
  addExamples(
    command,
    'muster events --follow',
    'muster events --since 5m --service web',
    'muster events --since 120 --until 180',
    'muster events -n 20 --format json | jq .event',
    "muster events --format '{{.Seq}} {{.Type}} {{.Who}}'",
  );
  command.action(async (flags: EventsFlags) => {
    const { follow = false, service = [], node = [], tail, format } = flags;
    const now = Date.now();
    const since = flags.since === undefined ? undefined : parseMoment(flags.since, now);
    const until = flags.until === undefined ? undefined : parseMoment(flags.until, now);
    await withCluster(command, async (context) => {
      const { showEvents } = await import('../events/show-events.ts');
      await showEvents(context, { follow, since, until, tail, services: service, nodes: node, format });
    });
  });
}
