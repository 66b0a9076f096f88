// What of a node's data path isn't as it should be, in words. It looks, and changes nothing.
import { isInTheWay } from '../kernel/docker-user.ts';
import { isRouterLink } from '../kernel/link-keeper.ts';
import type { Host } from '../kernel/look-at-host.ts';
import { isNamespace } from '../kernel/namespace.ts';
import { readPicture, readTaskPicture } from '../kernel/read-picture.ts';
import { compareTable } from '../kernel/rule-keeper.ts';
import type { Netns } from '../kernel/run.ts';
import { compareSysctls, hostSysctls, routerSysctls } from '../kernel/sysctls.ts';
import { cutHostEnd, drawHostEnd } from '../links/host-end-picture.ts';
import { drawRouter } from '../links/router-picture.ts';
import { drawTask } from '../links/task-picture.ts';
import type { NetworkPlan } from '../plan.ts';
import type { RouterNames } from '../router-names.ts';
import type { Table } from '../rules/table.ts';
import { sayDifferences } from './sentences.ts';

export interface Wanted {
  readonly plan: NetworkPlan;
  readonly host: Host;
  readonly hostNetns: Netns;
  readonly names: RouterNames;
  readonly routerTable: Table;
  readonly hostTable: Table;
}

export async function compareNode(wanted: Wanted): Promise<string[]> {
  const { plan, host, hostNetns, names, routerTable, hostTable } = wanted;
  const router = names.netnsPath;
  if (!isNamespace(router)) return [`there is no namespace ${names.netns}`];
  const [inRouter, onHost, isDockerClosed, ...others] = await Promise.all([
    readPicture(router, isRouterLink),
    readPicture(hostNetns, (name) => name === names.uplink),
    isInTheWay(hostNetns, names.uplink),
    compareTable(router, routerTable),
    compareTable(hostNetns, hostTable),
    compareSysctls(router, routerSysctls),
    compareSysctls(hostNetns, hostSysctls(names.uplink)),
  ]);
  const hostEnd = drawHostEnd(names.uplink, host.mtu, host.uplink);
  return [
    ...sayDifferences(inRouter, drawRouter(plan, host)),
    ...sayDifferences(cutHostEnd(onHost, names.uplink), hostEnd),
    ...(isDockerClosed ? [`the rule of ${names.uplink} in DOCKER-USER is missing`] : []),
    ...others.flat(),
  ];
}

/** The part of ours in a task's namespace. */
export async function compareTask({ plan, host }: Wanted, netns: string): Promise<string[]> {
  const own = plan.attachments.filter((one) => one.netns === netns);
  const names = new Set(own.map((one) => one.interface));
  const networks = new Map(plan.networks.map((network) => [network.id, network]));
  const mtu = drawRouter(plan, host).links.get('vx0')!.mtu!;
  const is = await readTaskPicture(netns, (name) => names.has(name));
  return sayDifferences(is, drawTask(own, networks, mtu));
}
