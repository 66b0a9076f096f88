import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { usageError } from '../../errors.ts';
import { buildSpec, type FlagValues } from '../../flags/build-spec.ts';
import { makeName } from '../../flags/make-name.ts';
import { addCreateOptions } from '../../flags/service-options.ts';
import { refuseFlags, unsupportedOnCreate } from '../../flags/unsupported.ts';
import { addExamples, withCluster } from '../context.ts';
import { addWaitOptions, type WaitFlags } from '../wait-options.ts';

export function addServiceCreate(service: Command): void {
  const command = service
    .command('create')
    .summary('Create a service')
    .description('Create a service, and wait until its tasks run.')
    .usage('[OPTIONS] IMAGE [COMMAND] [ARG...]')
    .argument('<image>', 'image to run')
    .argument('[command...]', 'command and arguments for the container')
    .passThroughOptions();
  addCreateOptions(command);
  addWaitOptions(command).addOption(new Option('-q, --quiet', 'no progress'));
  refuseFlags(command, unsupportedOnCreate);
  addExamples(
    command,
    'muster service create --name web --replicas 3 nginx:alpine',
    'muster service create --name web -p published=8080,target=80,mode=host -e LEVEL=debug nginx:alpine',
    'muster service create --name db --network name=backend,alias=database postgres:17',
    'muster service create --mode global --name probe nginx:alpine',
    'muster service create --team payments --name web nginx:alpine',
    'muster service create --name job --restart-condition none -d busybox sh -c "echo hello; sleep 5"',
    "muster service create --constraint 'node.labels.zone==a' --limit-memory 64m --reserve-cpu 0.1 busybox top",
  );
  command.action(async (image: string, args: string[], flags: WaitFlags & FlagValues) => {
    const given = flags.name as string | undefined;
    if (given === undefined && flags.intentId !== undefined)
      throw usageError('--intent-id needs --name: of another name, it is another service');
    const name = given ?? makeName(Math.random);
    const spec = buildSpec(image, args, { ...flags, name }, clientSide);
    await withCluster(command, async (context) => {
      const { submitAndFollow } = await import('../../wait/submit.ts');
      const { chooseIntentId } = await import('../../wait/append-intent.ts');
      const id = {
        ...chooseIntentId(flags),
        ...(given === undefined && { withOptions: `--name ${name}` }),
      };
      const { team } = context;
      await submitAndFollow(context, { verb: 'create', team, name, body: spec, id, announce: 'id' }, flags);
    });
  });
}

export const clientSide = {
  env: process.env,
  readFile(path: string): string {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      throw usageError(`open ${path}: ${(error as Error).message}`);
    }
  },
};
