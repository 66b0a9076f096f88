// What a task on networks has for its resolv.conf and hosts. Pure.
import { type ContainerSpec, HOST_GATEWAY, splitHosts, twinOf } from '@muster/model';
import { type OrderedNetwork, RejectedError } from '../backend.ts';

/** The router's: it is every task's gateway, and asks the task's own servers for what is not the cluster's. */
const NAMESERVER = '169.254.1.1';
/** As Docker's own, unless something else is asked for. */
const NDOTS = 'ndots:0';

export function writeResolvConf({ dnsConfig }: Pick<ContainerSpec, 'dnsConfig'>): string {
  const { search = [], options = [] } = dnsConfig ?? {};
  const domains = search.filter((domain) => domain !== '.');
  const all = options.some((option) => option.startsWith('ndots:')) ? options : [NDOTS, ...options];
  const lines = [
    `nameserver ${NAMESERVER}`,
    ...(domains.length > 0 ? [`search ${domains.join(' ')}`] : []),
    `options ${all.join(' ')}`,
  ];
  return `${lines.join('\n')}\n`;
}

export function writeHosts(
  hostname: string,
  networks: readonly Pick<OrderedNetwork, 'address' | 'subnet6'>[],
  { hosts = [] }: Pick<ContainerSpec, 'hosts'>,
): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...hosts.map(writeHost),
    ...networks.flatMap(({ address, subnet6 }) => [
      `${address}\t${hostname}`,
      ...(subnet6 === undefined ? [] : [`${twinOf(subnet6, address)}\t${hostname}`]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function writeHost(line: string): string {
  const { address, names } = splitHosts(line);
  if (address === HOST_GATEWAY)
    throw new RejectedError(`hosts: ${HOST_GATEWAY} is not there for a task on networks`);
  return `${address}\t${names.join(' ')}`;
}
