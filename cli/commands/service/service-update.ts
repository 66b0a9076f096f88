import { DEFAULT_TEAM, ownValue } from '@muster/model';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../../errors.ts';
import { resolveAttached } from '../../flags/attached-networks.ts';
import { changeSpec, type FlagValues } from '../../flags/build-spec.ts';
import { addUpdateOptions } from '../../flags/service-options.ts';
import { refuseFlags, unsupportedOnUpdate } from '../../flags/unsupported.ts';
import { addExamples, withCluster } from '../context.ts';
import { addWaitOptions, type WaitFlags } from '../wait-options.ts';
import { clientSide } from './service-create.ts';
import { rollBack } from './service-rollback.ts';

/** Somebody else may change the service between our reading it and our asking. */
const ATTEMPTS = 3;

export function addServiceUpdate(service: Command): void {
  const command = service
    .command('update')
    .summary('Update a service')
    .description('Change a service, and wait until its tasks run as it then says.')
    .usage('[OPTIONS] SERVICE')
    .argument('<service>', 'name or ID');
  addUpdateOptions(command);
  const ofSpec = command.options.map((option) => option.attributeName());
  command.option('--rollback', 'go back to the previous specification');
  addWaitOptions(command).addOption(new Option('-q, --quiet', 'no progress'));
  refuseFlags(command, unsupportedOnUpdate);
  addExamples(
    command,
    'muster service update --image nginx:1.27 web',
    'muster service update --env-add LEVEL=info --env-rm DEBUG web',
    'muster service update --publish-rm 80 --publish-add published=8081,target=80,mode=host web',
    'muster service update --update-parallelism 2 --update-order start-first --force web',
    'muster service update --image nginx:1.27 --update-failure-action rollback --update-monitor 30s web',
    'muster service update --network-add name=backend,alias=www --network-rm front web',
    'muster service update --rollback web',
  );
  command.action(async (name: string, flags: WaitFlags & FlagValues) => {
    if (flags.rollback === true && ofSpec.some((name) => ownValue(flags, name) !== undefined))
      throw usageError('other flags may not be combined with --rollback');
    await withCluster(command, async (context) => {
      if (flags.rollback === true) return rollBack(context, name, flags);
      const { submitAndFollow } = await import('../../wait/submit.ts');
      const { chooseIntentId } = await import('../../wait/append-intent.ts');
      const chosen = chooseIntentId(flags);
      for (let attempt = 1; ; attempt += 1) {
        const { answer: found } = await context.queries.ask('service.inspect', {
          service: name,
          team: context.team,
        });
        const { team = DEFAULT_TEAM } = found;
        const resolved = resolveAttached(flags, found);
        const body = { spec: changeSpec(found.spec, resolved, clientSide), version: found.version };
        // An attempt that was refused would be answered with its refusal.
        const id = attempt === 1 ? chosen : { ...chosen, part: String(attempt) };
        try {
          await submitAndFollow(
            context,
            { verb: 'update', team, name: found.name, body, id, announce: 'name', shown: name },
            flags,
          );
          return;
        } catch (error) {
          if (attempt === ATTEMPTS || !isOutOfSequence(error)) throw error;
        }
      }
    });
  });
}

function isOutOfSequence(error: unknown): boolean {
  return error instanceof CliError && error.message.includes('update out of sequence');
}
