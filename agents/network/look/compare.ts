// What of a node's data path isn't as it should be, in words. It looks, and changes nothing.
import { inIpv6 } from '../ipv6-plan.ts';
import { isInTheWay } from '../kernel/docker-user.ts';
import { isRouterLink } from '../kernel/link-keeper.ts';
import type { Host } from '../kernel/look-at-host.ts';
import { isNamespace } from '../kernel/namespace.ts';
import { readPicture, readTaskPicture } from '../kernel/read-picture.ts';
import { compareTables } from '../kernel/rule-keeper.ts';
import type { Netns } from '../kernel/run.ts';
import { compareSysctls, hostSysctls, routerSysctls } from '../kernel/sysctls.ts';
import { cutHostEnd, drawHostEnd } from '../links/host-end-picture.ts';
import { drawRouter } from '../links/router-picture.ts';
import { drawTask, type TaskPart } from '../links/task-picture.ts';
import type { NetworkPlan } from '../plan.ts';
import type { RouterNames } from '../router-names.ts';
import type { Tables } from '../rules/table.ts';
import { sayDifferences } from './sentences.ts';

export interface Wanted extends Tables {
  readonly plan: NetworkPlan;
  readonly host: Host;
  readonly hostNetns: Netns;
  readonly names: RouterNames;
}

export async function compareNode(wanted: Wanted): Promise<string[]> {
  const { plan, host, hostNetns, names, routerTables, hostTables } = wanted;
  const router = names.netnsPath;
  if (!isNamespace(router)) return [`there is no namespace ${names.netns}`];
  const [inRouter, onHost, isDockerClosed, ...others] = await Promise.all([
    readPicture(router, isRouterLink, true),
    readPicture(hostNetns, (name) => name === names.uplink, false),
    isInTheWay(hostNetns, names.uplink),
    compareTables(router, routerTables),
    compareTables(hostNetns, hostTables),
    compareSysctls(router, routerSysctls),
    compareSysctls(hostNetns, hostSysctls(names.uplink)),
  ]);
  const hostEnd = drawHostEnd(names.uplink, host);
  return [
    ...sayDifferences(inRouter, drawRouter(plan, host)),
    ...sayDifferences(cutHostEnd(onHost, names.uplink), hostEnd),
    ...(isDockerClosed ? [`the rule of ${names.uplink} in DOCKER-USER is missing`] : []),
    ...others.flat(),
  ];
}

/** The part of ours in a task's namespace. */
export async function compareTask({ plan, host }: Wanted, netns: string): Promise<string[]> {
  const part = partOf(plan, netns);
  const part6 = partOf(inIpv6(plan), netns);
  const names = new Set(part.attachments.map((one) => one.interface));
  const mtu = drawRouter(plan, host).links.get('vx0')!.mtu!;
  const is = await readTaskPicture(netns, (name) => names.has(name), part6.attachments.length > 0);
  return sayDifferences(is, drawTask(part, part6, mtu));
}

function partOf({ attachments, networks }: NetworkPlan, netns: string): TaskPart {
  return {
    attachments: attachments.filter((one) => one.netns === netns),
    networks: new Map(networks.map((network) => [network.id, network])),
  };
}
