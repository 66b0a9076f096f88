// From `--subnet`, `--ip-range`, `--gateway` and `--aux-address` to the network's subnets, each with what belongs to it: as
// docker's command line puts them together, in its words (cli/command/network/create.go).
import { addressWithin, type IpamConfig, parseBlock, setOwn, subnetsOverlap } from '@muster/model';
import { CliError } from '../errors.ts';

export interface IpamFlags {
  readonly subnet?: readonly string[];
  readonly ipRange?: readonly string[];
  readonly gateway?: readonly string[];
  readonly auxAddress?: readonly (readonly [name: string, address: string])[];
}

type Config = { -readonly [Key in keyof IpamConfig]: IpamConfig[Key] };

export function buildIpam({
  subnet = [],
  ipRange = [],
  gateway = [],
  auxAddress = [],
}: IpamFlags): IpamConfig[] {
  if (subnet.length < ipRange.length || subnet.length < gateway.length)
    throw new CliError('every ip-range or gateway must have a corresponding subnet');
  const configs: Config[] = [];
  for (const text of subnet) {
    if (configs.some((other) => subnetsOverlap(other.subnet, text)))
      throw new CliError('multiple overlapping subnet configuration is not supported');
    configs.push({ subnet: text });
  }
  for (const range of ipRange) {
    const config = findSubnet(configs, range, `no matching subnet for range ${range}`);
    if (config.ipRange !== undefined)
      throw new CliError(
        `cannot configure multiple ranges (${range}, ${config.ipRange}) on the same subnet (${config.subnet})`,
      );
    config.ipRange = range;
  }
  for (const address of gateway) {
    const config = findSubnet(configs, address, `no matching subnet for gateway ${address}`);
    if (config.gateway !== undefined)
      throw new CliError(
        `cannot configure multiple gateways (${address}, ${config.gateway}) for the same subnet (${config.subnet})`,
      );
    config.gateway = address;
  }
  for (const [name, address] of auxAddress) {
    const config = findSubnet(configs, address, `no matching subnet for aux-address ${address}`);
    config.auxAddresses ??= {};
    setOwn(config.auxAddresses, name, address);
  }
  return configs;
}

function findSubnet(configs: readonly Config[], text: string, missing: string): Config {
  const address = parseBlock(text);
  const config = configs.find(({ subnet }) => {
    const block = parseBlock(subnet);
    return address && block && addressWithin(address, block);
  });
  if (!config) throw new CliError(missing);
  return config;
}
