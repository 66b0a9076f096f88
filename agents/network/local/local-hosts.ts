// Several nodes of one cluster on one machine. The first has the machine's own network; each other one has a namespace with an
// address of its own, on one link with the machine, as hosts have it. Made anew it changes nothing: what is there stays, and
// whoever was killed has left what the next one takes over.
import { readdirSync } from 'node:fs';
import { passDocker, unpassDocker } from '../kernel/docker-user.ts';
import { makeNamespace, removeNamespace } from '../kernel/namespace.ts';
import { readPicture, removeLinks } from '../kernel/read-picture.ts';
import { RuleKeeper, removeTables } from '../kernel/rule-keeper.ts';
import { type Netns, runBatch } from '../kernel/run.ts';
import { setSysctls } from '../kernel/sysctls.ts';
import { mendPicture } from '../links/mend-picture.ts';
import { deviceOf, emptyPicture, type Link, loopback, type Picture } from '../links/picture.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { type LocalNames, nameLocalHosts, nameNetns } from './local-names.ts';
import { writeLocalTable } from './local-table.ts';

export interface LocalHost {
  /** A path; undefined is the machine's own. */
  readonly netns: string | undefined;
  readonly underlay: string;
}

const MACHINE = 1;
const veth: Link = { ...loopback, kind: 'veth' };

/** The first of them is the machine. Those beyond the count are removed. The key is the cluster's own on this machine. */
export async function makeLocalHosts(key: string, count: number): Promise<readonly LocalHost[]> {
  const names = nameLocalHosts(key);
  for (const number of listNumbers(names)) if (number > count) await removeHost(names, number);
  await makeNamespace(nameNetns(names, 'lan'));
  await runBatch(names.lan, 'ip', ['link add lan type bridge']);
  await expectNoFailure(names.lan, ['link set lan up']);
  const subnet = await chooseSubnet(names);
  const addressOf = (number: number) => `${subnet}.${number}`;
  await plug(names, { netns: undefined, link: names.link, address: addressOf(MACHINE), port: 'machine' });
  await setSysctls(undefined, new Map([['ipv4/ip_forward', '1']]));
  await new RuleKeeper(undefined).mend([writeLocalTable(names)]);
  await passDocker(undefined, names.link);
  const hosts: LocalHost[] = [{ netns: undefined, underlay: addressOf(MACHINE) }];
  for (let number = MACHINE + 1; number <= count; number += 1) {
    const { netns, netnsPath } = nameNetns(names, `${number}`);
    await makeNamespace({ netns, netnsPath });
    await plug(names, {
      netns: netnsPath,
      link: 'eth0',
      address: addressOf(number),
      port: `host${number}`,
      gateway: addressOf(MACHINE),
    });
    hosts.push({ netns: netnsPath, underlay: addressOf(number) });
  }
  return hosts;
}

/** Of one that is no node any more. */
export async function removeLocalHost(key: string, number: number): Promise<void> {
  await removeHost(nameLocalHosts(key), number);
}

/** Nothing of them is left. */
export async function removeLocalHosts(key: string): Promise<void> {
  const names = nameLocalHosts(key);
  for (const number of listNumbers(names)) await removeHost(names, number);
  await removeNamespaceAtOnce(names, 'lan');
  await runBatch(undefined, 'ip', [`link delete ${names.link}`]);
  await removeTables(undefined, [{ family: 'ip', name: names.table }]);
  await unpassDocker(undefined, names.link);
}

interface Plug {
  readonly netns: Netns;
  readonly link: string;
  readonly address: string;
  /** Its end at the bridge. */
  readonly port: string;
  readonly gateway?: string;
}

/** Puts one on the link that all share. */
async function plug({ lan }: LocalNames, { netns, link, address, port, gateway }: Plug): Promise<void> {
  const isOwn = (name: string) => name === link;
  const found = await readPicture(netns, isOwn, false);
  const ports = await readPicture(lan, (name) => name === port, false);
  const isThere = found.links.has(link) && ports.links.has(port);
  if (!isThere) {
    await runBatch(netns, 'ip', [`link delete ${link}`]);
    await runBatch(lan, 'ip', [`link delete ${port}`]);
    await expectNoFailure(netns, [`link add ${link} type veth peer name ${port} netns ${lan}`]);
  }
  await expectNoFailure(lan, [`link set ${port} master lan up`]);
  const should: Picture = {
    ...emptyPicture,
    links: new Map([
      ['lo', loopback],
      [link, veth],
    ]),
    addresses: new Set([`${address}/24 dev ${link}`]),
    routes: new Set(gateway === undefined ? [] : [`default via ${gateway} dev ${link}`]),
  };
  const is = isThere ? found : await readPicture(netns, isOwn, false);
  // Of what else the machine has, nothing is ours.
  const own: Picture = {
    ...is,
    addresses: new Set([...is.addresses].filter((line) => deviceOf(line) === link)),
    routes: new Set([...is.routes].filter((line) => deviceOf(line) === link)),
    rules: new Set(),
  };
  await expectNoFailure(netns, mendPicture(own, should).ip);
}

async function removeHost(names: LocalNames, number: number): Promise<void> {
  await removeNamespaceAtOnce(names, `${number}`);
}

async function removeNamespaceAtOnce(names: LocalNames, which: string): Promise<void> {
  const name = nameNetns(names, which);
  await removeLinks(name.netnsPath);
  await removeNamespace(name);
}

/** Of those that have a namespace. */
function listNumbers({ prefix }: LocalNames): number[] {
  const all = readdirIfThere('/run/netns');
  return all
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter(Number.isInteger);
}

function readdirIfThere(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function expectNoFailure(netns: Netns, lines: readonly string[]): Promise<void> {
  const [failure] = await runBatch(netns, 'ip', lines);
  if (failure !== undefined) throw new Error(`${failure.line}: ${failure.reason}`);
}
