import type { Command } from 'commander';
import { usageError } from '../../errors.ts';
import { addExamples, withCluster } from '../context.ts';
import { addWaitOptions, type WaitFlags } from '../wait-options.ts';

export function addServiceScale(service: Command): void {
  const command = service
    .command('scale')
    .summary('Scale one or several services')
    .description('Set the number of replicas of one or several services, and wait until they run.')
    .usage('[OPTIONS] SERVICE=REPLICAS [SERVICE=REPLICAS...]')
    .argument('<service=replicas...>', 'what to scale to what');
  addWaitOptions(command);
  addExamples(command, 'muster service scale web=5', 'muster service scale web=5 api=2');
  command.action(async (targets: string[], flags: WaitFlags) => {
    const wanted = targets.map(parseTarget);
    await withCluster(command, async (context) => {
      const { submitEach } = await import('../../wait/submit-each.ts');
      await submitEach(context, wanted, flags);
    });
  });
}

function parseTarget(text: string) {
  const [, service, replicas] = /^(.+)=(\d+)$/.exec(text) ?? [];
  if (service === undefined) {
    throw usageError(`invalid scale specifier "${text}": write it as SERVICE=REPLICAS, such as web=5`);
  }
  const body = { replicas: Number(replicas) };
  return { service, verb: 'scale', body, announce: `${service} scaled to ${body.replicas}` } as const;
}
