import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../../errors.ts';
import { buildIpam, type IpamFlags } from '../../flags/ipam.ts';
import { repeatable } from '../../flags/service-options.ts';
import { keyValue, labelPair } from '../../flags/spec-flags.ts';
import { notSupported, refuseFlags } from '../../flags/unsupported.ts';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags, Omit<IpamFlags, 'subnet'> {
  readonly driver: string;
  readonly attachable?: boolean;
  readonly ingress?: boolean;
  readonly internal?: boolean;
  readonly ipv6?: boolean;
  readonly ipv4: boolean;
  readonly scope: string;
  readonly ipamDriver: string;
  readonly label?: readonly [string, string][];
  readonly opt?: readonly [string, string][];
  readonly subnet?: readonly (readonly string[])[];
}

export function addNetworkCreate(network: Command): void {
  const command = network
    .command('create')
    .summary('Create a network')
    .description(
      'Create a network of the cluster: its tasks reach one another by name, on whichever nodes they run. Without --subnet it gets a free one of the address pool.',
    )
    .usage('[OPTIONS] NETWORK')
    .argument('<name>', 'name of the network')
    .option('-d, --driver <driver>', 'driver of the network', 'overlay')
    .option('--attachable', 'containers that are no service may join it')
    .option('--internal', 'no way out of it, nor in')
    .option('--ingress', 'the network that published ports are reached through')
    .option('--ipv6', 'IPv6 addresses as well, each a twin of one of IPv4')
    .addOption(new Option('--ipv4', 'IPv4 addresses').default(true).hideHelp())
    .addOption(repeatable('--subnet <cidr>', 'subnet, such as 10.0.9.0/24 (repeatable)', splitCommas))
    .addOption(
      repeatable('--ip-range <cidr>', 'part of a subnet that addresses are taken from (repeatable)', String),
    )
    .addOption(repeatable('--gateway <ip>', 'gateway of a subnet (repeatable)', String))
    .addOption(
      repeatable('--aux-address <name=ip>', 'address that nobody else is to get (repeatable)', readAddress),
    )
    .addOption(repeatable('-l, --label <key=value>', 'label of the network (repeatable)', labelPair))
    .addOption(repeatable('-o, --opt <key=value>', 'option of the driver (repeatable)', keyValue))
    .addOption(new Option('--scope <scope>').default('swarm').hideHelp())
    .addOption(new Option('--ipam-driver <driver>').default('default').hideHelp());
  addVerdictOptions(command);
  refuseFlags(command, ['config-from', 'config-only', 'ipam-opt']);
  addExamples(
    command,
    'muster network create backend',
    'muster network create --subnet 10.0.9.0/24 --gateway 10.0.9.1 backend',
    'muster network create --internal --label tier=data storage',
    'muster network create --ipv6 dual',
  );
  command.action(async (name: string, flags: Flags) => {
    const body = bodyOf(flags);
    await withCluster(command, async (context) => {
      const { submit } = await import('../../wait/submit.ts');
      const { chooseIntentId } = await import('../../wait/append-intent.ts');
      const { plainText } = await import('../../output/plain-text.ts');
      const { team } = context;
      const intent = { kind: 'network', verb: 'create', team, name, id: chooseIntentId(flags) } as const;
      const { verdict } = await submit(context, { ...intent, body: { name, ...body } }, flags);
      context.terminal.write(`${plainText(verdict.kind === 'accepted' ? verdict.object.id : name)}\n`);
    });
  });
}

function bodyOf(flags: Flags): Record<string, unknown> {
  if (flags.scope !== 'swarm') throw notSupported(`--scope ${flags.scope}`);
  if (flags.ipamDriver !== 'default') throw notSupported(`--ipam-driver ${flags.ipamDriver}`);
  if (!flags.ipv4) throw notSupported('--ipv4=false');
  const { driver, attachable, ingress, internal, ipv6, label, opt } = flags;
  const configs = buildIpam({ ...flags, subnet: flags.subnet?.flat() ?? [] });
  return {
    driver,
    ...(attachable !== undefined && { attachable }),
    ...(ingress !== undefined && { ingress }),
    ...(internal !== undefined && { internal }),
    ...(ipv6 !== undefined && { ipv6 }),
    ...(label && { labels: Object.fromEntries(label) }),
    ...(opt && { options: Object.fromEntries(opt) }),
    ...(configs.length > 0 && { ipam: { configs } }),
  };
}

/** Docker takes several in one. */
function splitCommas(text: string): string[] {
  if (text === '') throw usageError('invalid subnet: it is empty');
  return text.split(',');
}

function readAddress(text: string): [string, string] {
  const [name, address] = keyValue(text);
  if (name === '' || address === '') throw new InvalidArgumentError('Expected name=address.');
  return [name, address];
}
