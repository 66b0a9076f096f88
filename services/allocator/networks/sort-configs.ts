// What a network asks for in each family of addresses: of IPv4 in the order of its subnets.
import { type IpamConfig, type NetworkSpec, parseSubnet } from '@muster/model';

export interface SortedConfigs {
  readonly configs4: readonly IpamConfig[];
  readonly config6: IpamConfig | undefined;
}

export function sortConfigs({ ipam }: Pick<NetworkSpec, 'ipam'>): SortedConfigs {
  const isOf6 = ({ subnet }: IpamConfig) => parseSubnet(subnet)?.bits === 128;
  return { configs4: ipam.configs.filter((config) => !isOf6(config)), config6: ipam.configs.find(isOf6) };
}
