import { DEFAULT_TEAM } from '@muster/model';
import { type Command, Option } from 'commander';
import { addExamples, type Context, withCluster } from '../context.ts';
import { addWaitOptions, type WaitFlags } from '../wait-options.ts';

export function addServiceRollback(service: Command): void {
  const command = service
    .command('rollback')
    .summary("Revert changes to a service's configuration")
    .description(
      'Go back to the spec that a service had before the present one, and wait until its tasks run as that says.',
    )
    .usage('[OPTIONS] SERVICE')
    .argument('<service>', 'name or ID');
  addWaitOptions(command).addOption(new Option('-q, --quiet', 'no progress'));
  addExamples(command, 'muster service rollback web', 'muster service rollback --detach web');
  command.action(async (name: string, flags: WaitFlags) => {
    await withCluster(command, (context) => rollBack(context, name, flags));
  });
}

/** Whoever was faster has made another spec the one before: then it is refused, rather than tried again. */
export async function rollBack(context: Context, service: string, flags: WaitFlags): Promise<void> {
  const { submitAndFollow } = await import('../../wait/submit.ts');
  const { chooseIntentId } = await import('../../wait/append-intent.ts');
  const { answer: found } = await context.queries.ask('service.inspect', { service, team: context.team });
  const { team = DEFAULT_TEAM, name, version } = found;
  await submitAndFollow(
    context,
    {
      verb: 'rollback',
      team,
      name,
      body: { version },
      id: chooseIntentId(flags),
      announce: 'name',
      shown: service,
    },
    flags,
  );
}
