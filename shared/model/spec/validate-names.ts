// What can't stand in a container's resolv.conf and hosts. SwarmKit takes anything; docker's command line has the words.
import { checkNameserver, checkSearchDomain, HOST_GATEWAY, splitHosts } from '../grammar/host-notation.ts';
import { parseAddress } from '../grammar/ip-address.ts';
import { isPredefined } from '../network/predefined.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { ContainerSpec, TaskSpec } from './service-spec.ts';

export function checkDnsConfig({ dnsConfig }: ContainerSpec): Refusal | undefined {
  if (!dnsConfig) return undefined;
  const checks = { nameservers: checkNameserver, search: checkSearchDomain, options: checkOption };
  for (const [list, check] of Object.entries(checks) as [keyof typeof checks, typeof checkOption][]) {
    for (const [index, text] of dnsConfig[list].entries()) {
      const wrong = check(text);
      if (wrong !== undefined) return refuse('invalid', `ContainerSpec: ${wrong}`, `dns.${list}.${index}`);
    }
  }
  return undefined;
}

function checkOption(text: string): string | undefined {
  return /^[^\s#;]+$/.test(text) ? undefined : `invalid DNS option: "${text}"`;
}

export function checkHosts({ hosts = [] }: ContainerSpec): Refusal | undefined {
  for (const [index, line] of hosts.entries()) {
    const { address, names } = splitHosts(line);
    const isLine = !/[\n\r#]/.test(line) && names.length > 0;
    if (isLine && (address === HOST_GATEWAY || parseAddress(address))) continue;
    const message = `ContainerSpec: invalid host "${line}": write it as "10.0.0.1 name"`;
    return refuse('invalid', message, `hosts.${index}`);
  }
  return undefined;
}

/** Where a task on the cluster's networks would find its machine is not known when its hosts are written. */
export function checkHostGateway({ containerSpec, networks = [] }: TaskSpec): Refusal | undefined {
  if (networks.every(({ target }) => isPredefined(target))) return undefined;
  const index = (containerSpec.hosts ?? []).findIndex((line) => splitHosts(line).address === HOST_GATEWAY);
  if (index < 0) return undefined;
  const message = `ContainerSpec: ${HOST_GATEWAY} is not supported for a service on networks by this version of muster`;
  return refuse('unsupported', message, `hosts.${index}`);
}
