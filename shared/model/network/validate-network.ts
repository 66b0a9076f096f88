// What is refused of a network whatever else there is in the cluster: SwarmKit's rules in its words
// (manager/controlapi/network.go), Docker's where SwarmKit leaves them to the engine, and what can't be done yet, by name.
import {
  addressWithin,
  blocksOverlap,
  type IpAddress,
  type IpBlock,
  parseAddress,
  parseBlock,
} from '../grammar/ip-address.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { checkName } from '../spec/validate.ts';
import { ownValue } from '../stored/own-keys.ts';
import type { IpamConfig, NetworkSpec } from './network-spec.ts';
import { isPredefined } from './predefined.ts';
import { isDualStack, LONGEST_TWIN_PREFIX } from './twin.ts';

/** A record holds it whole, and a subnet takes no more than a few words. */
const MAX_SPEC_BYTES = 128 * 1024;
/** Room for the network's own address, a gateway's and one task's. */
const LONGEST_PREFIX = 29;

type Check = (spec: NetworkSpec) => Refusal | undefined;

const checks: readonly Check[] = [
  checkSize,
  ({ name }) => checkName(name),
  checkIngress,
  checkPredefined,
  checkLabels,
  checkDriver,
  checkOptions,
  checkIpam,
];

export function validateNetworkSpec(spec: NetworkSpec): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(spec);
    if (refusal) return refusal;
  }
  return undefined;
}

function checkSize(spec: NetworkSpec): Refusal | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(spec)).length;
  if (bytes <= MAX_SPEC_BYTES) return undefined;
  return refuse('invalid', `the complete spec has ${bytes} bytes; at most ${MAX_SPEC_BYTES} are allowed`);
}

function checkIngress({ ingress, attachable, internal, driver }: NetworkSpec): Refusal | undefined {
  if (!ingress) return undefined;
  if (driver !== 'overlay')
    return refuse('unsupported', 'only overlay driver is currently supported for ingress network', 'driver');
  if (attachable) return refuse('invalid', 'ingress network cannot be attachable', 'attachable');
  if (internal) return refuse('invalid', 'ingress network cannot be internal', 'internal');
  return undefined;
}

function checkPredefined({ name }: NetworkSpec): Refusal | undefined {
  if (!isPredefined(name) && name !== 'default') return undefined;
  return refuse('invalid', `operation is not permitted on predefined ${name} network`, 'name');
}

const PREDEFINED_LABEL = 'com.docker.swarm.predefined';

function checkLabels({ labels }: NetworkSpec): Refusal | undefined {
  if (ownValue(labels, PREDEFINED_LABEL) === undefined) return undefined;
  const message = `label ${PREDEFINED_LABEL} is for internally created predefined networks and cannot be applied by users`;
  return refuse('invalid', message, 'labels');
}

function checkDriver({ driver }: NetworkSpec): Refusal | undefined {
  if (driver === 'overlay') return undefined;
  const advice =
    'networks of the cluster are of driver overlay, and each node has its own bridge, host and none';
  return refuse('unsupported', `network driver "${driver}" is not supported by muster: ${advice}`, 'driver');
}

function checkOptions({ options }: NetworkSpec): Refusal | undefined {
  const [option] = Object.keys(options);
  if (option === undefined) return undefined;
  const field = `options.${option}`;
  return refuse('unsupported', `option "${option}" is not supported by this version of muster`, field);
}

function checkIpam(spec: NetworkSpec): Refusal | undefined {
  const { configs } = spec.ipam;
  for (const [index, config] of configs.entries()) {
    const refusal =
      checkConfig(config, `ipam.configs.${index}`) ??
      checkOthers(configs, index) ??
      (isOfIpv6(config) ? checkIpv6(spec, index) : undefined);
    if (refusal) return refusal;
  }
  return undefined;
}

/** Its addresses are twins of those of IPv4 (twin.ts), so there is nothing to choose in it, and room has to be for all. */
function checkIpv6(spec: NetworkSpec, index: number): Refusal | undefined {
  const { configs } = spec.ipam;
  const { subnet, ipRange } = configs[index]!;
  const wrong = (kind: Refusal['kind'], field: string, what: string) =>
    refuse(kind, `ipam configuration: ${what}`, `ipam.configs.${index}.${field}`);
  if (!isDualStack(spec))
    return wrong(
      'invalid',
      'subnet',
      `subnet ${subnet} is of IPv6, which has to be asked for as well: --ipv6`,
    );
  const other = configs.slice(0, index).find(isOfIpv6);
  if (other)
    return wrong(
      'unsupported',
      'subnet',
      `subnet ${subnet} is the second of IPv6, after ${other.subnet}: one is all there can be`,
    );
  if (parseCidr(subnet)!.prefix > LONGEST_TWIN_PREFIX)
    return wrong(
      'invalid',
      'subnet',
      `subnet ${subnet} is too small: of IPv6 it takes a /${LONGEST_TWIN_PREFIX} at least, as its addresses end in those of IPv4`,
    );
  if (ipRange !== undefined)
    return wrong(
      'unsupported',
      'ipRange',
      `range ${ipRange} can't be chosen from: addresses of IPv6 follow those of IPv4`,
    );
  return undefined;
}

function isOfIpv6({ subnet }: IpamConfig): boolean {
  return parseBlock(subnet)?.bits === 128;
}

/** Subnets of one network are told apart by the address alone. */
function checkOthers(configs: readonly IpamConfig[], index: number): Refusal | undefined {
  const { subnet } = configs[index]!;
  const other = configs.slice(0, index).find((before) => subnetsOverlap(before.subnet, subnet));
  if (!other) return undefined;
  const message = `ipam configuration: subnet ${subnet} overlaps with subnet ${other.subnet}`;
  return refuse('invalid', message, `ipam.configs.${index}.subnet`);
}

export function subnetsOverlap(one: string, other: string): boolean {
  const [a, b] = [parseBlock(one), parseBlock(other)];
  return a !== undefined && b !== undefined && blocksOverlap(a, b);
}

function checkConfig({ subnet: text, ipRange, gateway, auxAddresses }: IpamConfig, at: string) {
  const wrong = (field: string, what: string) =>
    refuse('invalid', `ipam configuration: ${what}`, `${at}.${field}`);
  const subnet = parseCidr(text);
  if (!subnet) return wrong('subnet', `invalid subnet ${text}`);
  if (subnet.bits === 32 && subnet.prefix > LONGEST_PREFIX)
    return wrong(
      'subnet',
      `subnet ${text} is too small: at most a /${LONGEST_PREFIX} holds its own addresses and those of tasks`,
    );
  if (ipRange !== undefined) {
    const range = parseCidr(ipRange);
    if (!range) return wrong('ipRange', `invalid range ${ipRange}`);
    if (!addressWithin(range, subnet) || range.prefix < subnet.prefix)
      return wrong('ipRange', `subnet ${text} does not contain range ${ipRange}`);
  }
  const addresses = [
    ...(gateway === undefined ? [] : [['gateway', 'gateway', gateway] as const]),
    ...Object.entries(auxAddresses ?? {}).map(
      ([name, address]) => [`auxAddresses.${name}`, 'auxiliary address', address] as const,
    ),
  ];
  for (const [field, what, written] of addresses) {
    const address = parseAddress(written);
    if (!address) return wrong(field, `invalid ${what} ${written}`);
    if (!addressWithin(address, subnet))
      return wrong(field, `subnet ${text} does not contain ${what} ${written}`);
    const end = endOf(subnet, address);
    if (end) return wrong(field, `${what} ${written} is ${end} of subnet ${text}`);
  }
  return checkDoubles(addresses, wrong);
}

/** The two that nobody can have. */
function endOf({ bits, prefix }: IpBlock, { value }: IpAddress): string | undefined {
  const rest = (1n << BigInt(bits - prefix)) - 1n;
  if ((value & rest) === 0n) return "the network's own address";
  return bits === 32 && (value & rest) === rest ? 'the broadcast address' : undefined;
}

/** An address is somebody's once. */
function checkDoubles(
  addresses: readonly (readonly [field: string, what: string, written: string])[],
  wrong: (field: string, what: string) => Refusal,
): Refusal | undefined {
  const seen = new Map<bigint, string>();
  for (const [field, what, written] of addresses) {
    const { value } = parseAddress(written)!;
    const other = seen.get(value);
    if (other !== undefined) return wrong(field, `${what} ${written} is the ${other} as well`);
    seen.set(value, what);
  }
  return undefined;
}

/** Go's ParseCIDR: a bare address is none. */
function parseCidr(text: string): IpBlock | undefined {
  return text.includes('/') ? parseBlock(text) : undefined;
}
