// A plan becomes lines that a shell-less `ip` and `nft` read, so nothing gets in but what looks like what it is.
import { isIPv4 } from 'node:net';
import { LONGEST_TWIN_PREFIX, parseBlock } from '@muster/model';
import { LARGEST_NODE_NUMBER } from './addressing.ts';
import type { NetworkPlan } from './plan.ts';

/** Every way in which a plan can't be meant; none for a good one. */
export function checkPlan(plan: NetworkPlan): string[] {
  const { node, networks, peers, attachments, services, published } = plan;
  const ids = new Set(networks.map(({ id }) => id));
  return [
    ...[node, ...peers].flatMap(({ number, underlay }) => [
      ...unless(isNumber(number, LARGEST_NODE_NUMBER), `${number} is no number of a node`),
      ...unless(isIPv4(underlay), `${underlay} is no address of a node`),
    ]),
    ...repeated(
      'two nodes have the number',
      [node, ...peers].map(({ number }) => number),
    ),
    ...networks.flatMap(({ subnet, block }) =>
      [subnet, ...(block === undefined ? [] : [block])].flatMap(checkBlock),
    ),
    ...networks.flatMap(({ subnet6 }) => (subnet6 === undefined ? [] : checkSubnet6(subnet6))),
    ...peers.flatMap(({ blocks }) => blocks.flatMap(({ block }) => checkBlock(block))),
    ...attachments.flatMap(({ taskId, networkId, address, netns, interface: name }) => [
      ...unless(isIPv4(address), `${address} is no address of a task`),
      ...unless(/^[a-zA-Z][\w.-]{0,14}$/.test(name), `${name} is no name of an interface`),
      ...unless(/^\/[\w./-]+$/.test(netns), `${netns} is no path of a network namespace`),
      ...unless(/^[\w-]+$/.test(taskId) && /^[\w-]+$/.test(networkId), `${taskId} or ${networkId} is no id`),
      ...unless(ids.has(networkId), `task ${taskId} is on network ${networkId}, which the plan has not`),
    ]),
    ...repeated(
      'two tasks have the address',
      attachments.map(({ address }) => address),
    ),
    ...repeated(
      'two attachments are called',
      attachments.map((one) => `${one.netns} ${one.interface}`),
    ),
    ...services.flatMap(({ vip, endpoints }) =>
      [vip, ...endpoints].flatMap((address) =>
        unless(isIPv4(address), `${address} is no address of a service`),
      ),
    ),
    ...repeated(
      'two services have the address',
      services.map(({ vip }) => vip),
    ),
    ...published.flatMap(({ protocol, port, target, endpoints }) => [
      ...unless(['tcp', 'udp', 'sctp'].includes(protocol), `${protocol} is no protocol of a port`),
      ...[port, target].flatMap((one) => unless(isNumber(one, 65_535), `${one} is no port`)),
      ...endpoints.flatMap((address) => unless(isIPv4(address), `${address} is no address of a task`)),
    ]),
    ...repeated(
      'two services publish',
      published.map(({ protocol, port }) => `${port}/${protocol}`),
    ),
  ];
}

function checkBlock(block: string): string[] {
  const [address, length, ...rest] = block.split('/');
  const isBlock =
    isIPv4(address ?? '') && /^\d{1,2}$/.test(length ?? '') && Number(length) <= 32 && rest.length === 0;
  return unless(isBlock, `${block} is no block of addresses`);
}

function checkSubnet6(subnet: string): string[] {
  const block = /^[\da-f:]+\/\d+$/.test(subnet) ? parseBlock(subnet) : undefined;
  const isSubnet = block?.bits === 128 && block.prefix <= LONGEST_TWIN_PREFIX;
  return unless(isSubnet, `${subnet} is no subnet of IPv6`);
}

function isNumber(value: number, largest: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= largest;
}

function repeated(sentence: string, values: readonly (string | number)[]): string[] {
  const seen = new Set<string | number>();
  return values.flatMap((value) => unless(seen.size < seen.add(value).size, `${sentence} ${value}`));
}

function unless(holds: boolean, sentence: string): string[] {
  return holds ? [] : [sentence];
}
