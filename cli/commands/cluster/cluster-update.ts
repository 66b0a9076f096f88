import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../../errors.ts';
import { repeatable } from '../../flags/service-options.ts';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags {
  readonly defaultAddrPool?: readonly (readonly string[])[];
  readonly defaultAddrPoolMaskLength?: number;
}

export function addClusterUpdate(cluster: Command): void {
  const command = cluster
    .command('update')
    .summary('Change what holds for the whole cluster')
    .description(
      'Change where networks get their subnets from that are created without --subnet. Networks that there are keep theirs.',
    )
    .addOption(
      repeatable(
        '--default-addr-pool <cidr>',
        'pool of addresses that subnets are taken from, instead of those before (repeatable)',
        (text: string) => text.split(','),
      ),
    )
    .addOption(
      new Option(
        '--default-addr-pool-mask-length <bits>',
        'length of the mask of each subnet (default: 24)',
      ).argParser(readBits),
    );
  addVerdictOptions(command);
  addExamples(
    command,
    'muster cluster update --default-addr-pool 10.20.0.0/16',
    'muster cluster update --default-addr-pool 10.20.0.0/16,10.30.0.0/16 --default-addr-pool-mask-length 26',
  );
  command.action(async (flags: Flags) => {
    const body = bodyOf(flags);
    await withCluster(command, async (context) => {
      const { submit } = await import('../../wait/submit.ts');
      const { chooseIntentId } = await import('../../wait/append-intent.ts');
      const intent = {
        kind: 'cluster',
        verb: 'update',
        team: '',
        name: '',
        id: chooseIntentId(flags),
      } as const;
      const { verdict } = await submit(context, { ...intent, body }, flags);
      context.terminal.write(verdict.kind === 'satisfied' ? `${verdict.message}\n` : 'Cluster updated.\n');
    });
  });
}

function bodyOf({ defaultAddrPool, defaultAddrPoolMaskLength }: Flags): Record<string, unknown> {
  const body = {
    ...(defaultAddrPool && { defaultAddrPool: defaultAddrPool.flat() }),
    ...(defaultAddrPoolMaskLength !== undefined && { defaultAddrPoolMaskLength }),
  };
  if (Object.keys(body).length === 0)
    throw usageError('nothing to change: give --default-addr-pool or --default-addr-pool-mask-length');
  return body;
}

function readBits(text: string): number {
  const bits = Number(text);
  if (!Number.isInteger(bits)) throw new InvalidArgumentError('a whole number, such as 24');
  return bits;
}
