// Keeps links, routes and neighbours as they should be: in the router, at the host's end of the uplink, and in the tasks.
// Remembers what it has made, so that a change costs what changes; after a failure or when told to, it looks.
import { isIpv6Text } from '@muster/model';
import { taskLink, taskMac } from '../addressing.ts';
import { inIpv6 } from '../ipv6-plan.ts';
import { cutHostEnd, drawHostEnd } from '../links/host-end-picture.ts';
import { findWrongLinks, mendPicture } from '../links/mend-picture.ts';
import { emptyPicture, type Picture, withoutLinks } from '../links/picture.ts';
import { drawRouter } from '../links/router-picture.ts';
import { drawTask } from '../links/task-picture.ts';
import type { Attachment, NetworkPlan, PlannedNetwork } from '../plan.ts';
import type { RouterNames } from '../router-names.ts';
import type { Host } from './look-at-host.ts';
import { isNamespace } from './namespace.ts';
import { readPicture, readTaskPicture } from './read-picture.ts';
import { type Netns, runBatch } from './run.ts';
import { setSysctls, taskSysctls } from './sysctls.ts';

export interface Failure {
  /** Of one task; without it, of the node. */
  readonly taskId?: string;
  readonly reason: string;
}

/** Enough for two processors; each is a fork or two. */
const TASKS_AT_ONCE = 4;
/** Tasks that are looked at in one round, where not all are. */
const TASKS_IN_TURN = 16;
export const isRouterLink = (name: string) => /^(uplink|vx0|t[0-9a-f]{8})$/.test(name);

/** Here and there: at the node's own, and at some of its tasks, others each time. */
export type Look = 'nowhere' | 'here and there' | 'everywhere';

interface TaskEnd {
  readonly netns: string;
  readonly attachments: readonly Attachment[];
  readonly is: Picture;
  readonly should: Picture;
}

export class LinkKeeper {
  readonly #host: Netns;
  readonly #names: RouterNames;
  #router: Picture | undefined;
  /** By task and path of its namespace, which may be another's next. */
  #tasks: ReadonlyMap<string, Picture> = new Map();
  /** Paths of namespaces in which something failed half-way. */
  #unsure: ReadonlySet<string> = new Set();
  #lastLooked = '';

  constructor(host: Netns, names: RouterNames) {
    this.#host = host;
    this.#names = names;
  }

  /** Whether it knows what is there. */
  get isSure(): boolean {
    return this.#router !== undefined;
  }

  /** Answers with what can't be had. All else is as it should be. */
  async keep(plan: NetworkPlan, host: Host, look: Look): Promise<readonly Failure[]> {
    const router = this.#names.netnsPath;
    const isStranger = this.#router === undefined;
    const known = look === 'nowhere' ? this.#router : undefined;
    this.#router = undefined;
    const is = known ?? (await readPicture(router, isRouterLink, true));
    const should = drawRouter(plan, host);
    const ends = await this.#lookAtTasks(plan, should, isStranger ? 'everywhere' : look);
    const { surplus, missing } = findWrongLinks(is, should);
    const toMake = new Set([...missing, ...ends.flatMap(listUnattached)]);
    const doubtful = new Set(
      plan.attachments.filter(({ netns }) => this.#unsure.has(netns)).map(({ address }) => taskLink(address)),
    );
    const toRemove = [...new Set([...surplus, ...toMake])].filter(
      (name) => is.links.has(name) || doubtful.has(name),
    );
    // One that is gone has gone with its task.
    await runBatch(
      router,
      'ip',
      toRemove.map((name) => `link delete ${name}`),
    );
    const failures = [...(await this.#makeUplink(plan, host, should, toMake, known === undefined))];
    const tasks = await this.#mendTasks(ends, toMake);
    failures.push(...tasks.failures);
    const failed = new Set(tasks.failures.map(({ taskId }) => taskId));
    const reached = plan.attachments.filter(({ taskId }) => !failed.has(taskId));
    const drawn = drawRouter({ ...plan, attachments: reached }, host);
    const { ip, ip6, bridge } = mendPicture(withoutLinks(is, new Set([...toMake, ...toRemove])), drawn);
    failures.push(...(await runBatch(router, 'ip', ip)).map(sayFailure));
    failures.push(...(await runBatch(router, 'ip -6', ip6)).map(sayFailure));
    failures.push(...(await runBatch(router, 'bridge', bridge)).map(sayFailure));
    await this.#leaveTasks(new Set(plan.attachments.map(({ netns }) => netns)));
    this.#tasks = tasks.mended;
    this.#unsure = new Set(
      plan.attachments.filter(({ taskId }) => failed.has(taskId)).map(({ netns }) => netns),
    );
    // Tasks come and go: one that can't be had makes nobody look at all the others.
    if (failures.every(({ taskId }) => taskId !== undefined)) this.#router = drawn;
    return failures;
  }

  /** A task that is new has nothing of ours, unless this process is. */
  async #lookAtTasks(plan: NetworkPlan, router: Picture, look: Look): Promise<TaskEnd[]> {
    const plan6 = inIpv6(plan);
    const networks = indexById(plan.networks);
    const networks6 = indexById(plan6.networks);
    const mtu = router.links.get('vx0')!.mtu!;
    const byNetns = groupByNetns(plan.attachments);
    const byNetns6 = groupByNetns(plan6.attachments);
    const looked = new Set(look === 'nowhere' ? [] : byNetns.keys());
    if (look === 'here and there') this.#takeTurns(looked);
    return await inTurn([...byNetns], async ([netns, own]) => {
      const own6 = byNetns6.get(netns) ?? [];
      const names = new Set(own.map((one) => one.interface));
      const isNews = looked.has(netns) || this.#unsure.has(netns);
      const known = isNews
        ? await readTaskPicture(netns, (name) => names.has(name), own6.length > 0)
        : this.#tasks.get(nameEnd(own));
      const should = drawTask(
        { attachments: own, networks },
        { attachments: own6, networks: networks6 },
        mtu,
      );
      return { netns, attachments: own, is: known ?? emptyPicture, should };
    });
  }

  /** Leaves the next few. */
  #takeTurns(paths: Set<string>): void {
    const all = [...paths].sort();
    const next = all.filter((path) => path > this.#lastLooked);
    const turn = new Set([...next, ...all].slice(0, TASKS_IN_TURN));
    for (const path of all) if (!turn.has(path)) paths.delete(path);
    this.#lastLooked = [...turn].at(-1) ?? '';
  }

  async #makeUplink(
    { node }: NetworkPlan,
    host: Host,
    router: Picture,
    toMake: ReadonlySet<string>,
    look: boolean,
  ): Promise<Failure[]> {
    const { uplink: name, netnsPath } = this.#names;
    const { mtu } = host;
    const failures: Failure[] = [];
    if (toMake.has('uplink')) {
      const peer = `type veth peer name uplink mtu ${mtu} netns ${netnsPath}`;
      await runBatch(this.#host, 'ip', [`link delete ${name}`]);
      failures.push(
        ...(await runBatch(this.#host, 'ip', [`link add ${name} mtu ${mtu} ${peer}`])).map(sayFailure),
      );
    }
    if (toMake.has('vx0')) {
      // Made from here, it sends through the host, wherever it is.
      const { mac, mtu: overlayMtu, detail } = router.links.get('vx0')!;
      const line = `link add vx0 netns ${netnsPath} address ${mac} mtu ${overlayMtu} type vxlan ${detail} nolearning`;
      failures.push(...(await runBatch(this.#host, 'ip', [line])).map(sayFailure));
    }
    if (failures.length > 0) throw new Error(explainUplink(failures[0]!.reason, node.underlay));
    if (!look && !toMake.has('uplink')) return [];
    const own = cutHostEnd(await readPicture(this.#host, (link) => link === name, false), name);
    const { ip } = mendPicture(own, drawHostEnd(name, host));
    return (await runBatch(this.#host, 'ip', ip)).map(sayFailure);
  }

  async #mendTasks(
    ends: readonly TaskEnd[],
    toMake: ReadonlySet<string>,
  ): Promise<{ readonly failures: Failure[]; readonly mended: ReadonlyMap<string, Picture> }> {
    const failures: Failure[] = [];
    const mended = new Map<string, Picture>();
    await inTurn(ends, async ({ netns, attachments, is, should }) => {
      const lacking = attachments.filter(({ address }) => toMake.has(taskLink(address)));
      const there = withoutLinks(is, new Set(lacking.map((one) => one.interface)));
      const { ip, ip6 } = mendPicture(there, should);
      const births = lacking.map((one) => this.#birth(one, should.links.get(one.interface)!.mtu!));
      const failed = [
        ...(ip.some(isIpv6Address) ? await openTask(netns) : []),
        ...(await runBatch(netns, 'ip', [...births, ...ip])),
        ...(await runBatch(netns, 'ip -6', ip6)),
      ];
      if (failed.length === 0) mended.set(nameEnd(attachments), should);
      for (const taskId of failed.length === 0 ? [] : new Set(attachments.map((one) => one.taskId)))
        failures.push({ ...sayFailure(failed[0]!), taskId });
    });
    return { failures, mended };
  }

  /** Its links are gone with the router's ends, and their routes with them; rules would stay where a task lives on. */
  async #leaveTasks(staying: ReadonlySet<string>): Promise<void> {
    for (const [end, { rules, rules6 }] of this.#tasks) {
      const netns = end.slice(end.indexOf(' ') + 1);
      if (staying.has(netns) || rules.size + rules6.size === 0 || !isNamespace(netns)) continue;
      const { ip, ip6 } = mendPicture({ ...emptyPicture, rules, rules6 }, emptyPicture);
      await runBatch(netns, 'ip', ip);
      await runBatch(netns, 'ip -6', ip6);
    }
  }

  /** Born where the task is, with its other end in the router. */
  #birth({ interface: name, address }: Attachment, mtu: number): string {
    const peer = `peer name ${taskLink(address)} mtu ${mtu} netns ${this.#names.netnsPath}`;
    return `link add ${name} address ${taskMac(address)} mtu ${mtu} type veth ${peer}`;
  }
}

function indexById(networks: readonly PlannedNetwork[]): ReadonlyMap<string, PlannedNetwork> {
  return new Map(networks.map((network) => [network.id, network]));
}

function groupByNetns(attachments: readonly Attachment[]): ReadonlyMap<string, Attachment[]> {
  const byNetns = new Map<string, Attachment[]>();
  for (const one of attachments) byNetns.set(one.netns, [...(byNetns.get(one.netns) ?? []), one]);
  return byNetns;
}

/** A path may be another task's next. */
function nameEnd(attachments: readonly Attachment[]): string {
  const { taskId, netns } = attachments[0]!;
  return `${taskId} ${netns}`;
}

function isIpv6Address(line: string): boolean {
  return line.startsWith('address replace ') && isIpv6Text(line);
}

/** Before it has a link that would give itself addresses. */
async function openTask(netns: string): Promise<{ readonly line: string; readonly reason: string }[]> {
  return await setSysctls(netns, taskSysctls).then(
    () => [],
    (error: Error) => [{ line: 'switches', reason: error.message }],
  );
}

/** By the names of the router's ends. An interface of the same name that somebody else made there stands in the way. */
function listUnattached({ attachments, is, should }: TaskEnd): string[] {
  return attachments
    .filter(({ interface: name }) => is.links.get(name)?.mac !== should.links.get(name)!.mac)
    .map(({ address }) => taskLink(address));
}

function explainUplink(reason: string, underlay: string): string {
  const isTwin = /VNI already exists|vx0 .*File exists/.test(reason);
  return isTwin
    ? `another node of this cluster is in this machine's network: each needs a network namespace of its own (${reason})`
    : `no router can be joined to ${underlay}: ${reason}`;
}

function sayFailure({ line, reason }: { readonly line: string; readonly reason: string }): Failure {
  return { reason: `${line}: ${reason}` };
}

async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const workers = Array.from({ length: TASKS_AT_ONCE }, async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  });
  await Promise.all(workers);
  return results;
}
