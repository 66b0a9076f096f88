// The data path of one node: what a plan says, made so. Level-triggered: each call has the whole plan, looks at what is there
// where that isn't known, and changes the difference. Packets need nobody here: they flow while this process is away, and
// whoever comes next adopts what is there.
import path from 'node:path';
import { isIpv6Text } from '@muster/model';
import { type Family, IPV4, IPV6 } from './addressing.ts';
import { checkPlan } from './check-plan.ts';
import { inIpv6 } from './ipv6-plan.ts';
import { passDocker, unpassDocker } from './kernel/docker-user.ts';
import { forgetFlows } from './kernel/forget-flows.ts';
import { type Failure, LinkKeeper, type Look } from './kernel/link-keeper.ts';
import { type Host, lookAtHost } from './kernel/look-at-host.ts';
import { isNamespace, makeNamespace, removeNamespace } from './kernel/namespace.ts';
import { removeLinks } from './kernel/read-picture.ts';
import { RuleKeeper, removeTables } from './kernel/rule-keeper.ts';
import { forwardIpv6, hostSysctls, routerSysctls, setSysctls } from './kernel/sysctls.ts';
import { compareNode, compareTask, type Wanted } from './look/compare.ts';
import { createDropCounts, type Figures, readConnections } from './look/figures.ts';
import { listListeners, lookAtWay, type WayLook, type WayQuestion } from './look/look-at-way.ts';
import type { NetworkPlan } from './plan.ts';
import { endHolder, tellHolder } from './ports/port-holder.ts';
import { type HeldPort, type RefusedPort, sayHeld, sayPort } from './ports/words.ts';
import { nameRouter, type RouterNames, type UplinkAddresses } from './router-names.ts';
import { isAstray, isStale } from './rules/flows.ts';
import { writeHostTable } from './rules/host-table.ts';
import { ROUTER_TABLE, writeRouterTable } from './rules/router-table.ts';
import { countRules, type TableName, type Tables } from './rules/table.ts';

export interface RouterIdentity {
  readonly clusterId: string;
  readonly nodeId: string;
  /** The namespace that is this node's machine: a path. Where this process is, unless given. */
  readonly host?: string;
  /** Where the process that holds ports is spoken to. */
  readonly runDir: string;
}

export interface RouterOptions extends RouterIdentity {
  /** A program that calls `holdPorts` with its last argument. */
  readonly holderCommand: readonly string[];
}

export interface Report {
  readonly failures: readonly Failure[];
  /** Another program has them on this host: they are answered on other nodes. */
  readonly refusedPorts: readonly RefusedPort[];
}

/** Of a plan, what there is in one family of addresses, and what the machine has in it. */
interface Part {
  readonly family: Family;
  readonly plan: NetworkPlan;
  readonly uplink: UplinkAddresses;
  readonly addresses: readonly string[];
}

export class Router {
  readonly #options: RouterOptions;
  readonly #names: RouterNames;
  readonly #links: LinkKeeper;
  readonly #routerRules: RuleKeeper;
  readonly #hostRules: RuleKeeper;
  #host: Host | undefined;
  #plan: NetworkPlan | undefined;
  /** The last one that was made, whatever has become of it. */
  #made: NetworkPlan | undefined;
  #parts: readonly Part[] | undefined;
  #refused: readonly RefusedPort[] = [];
  #rules = 0;
  readonly #countDrops = createDropCounts();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#names = nameRouter(options.clusterId, options.nodeId);
    this.#links = new LinkKeeper(options.host, this.#names);
    this.#routerRules = new RuleKeeper(this.#names.netnsPath);
    this.#hostRules = new RuleKeeper(options.host);
  }

  /** The namespace that all of it is in, for a resolver or for somebody who looks. */
  get netnsPath(): string {
    return this.#names.netnsPath;
  }

  /** Makes it so, at the price of what has changed since the last call. */
  async apply(plan: NetworkPlan): Promise<Report> {
    return await this.#inTurn(() => this.#make(plan, 'nowhere'));
  }

  /** The same after a look at everything: mends what others have done to it. */
  async mend(plan: NetworkPlan): Promise<Report> {
    return await this.#inTurn(() => this.#make(plan, 'everywhere'));
  }

  /** The same at a price that does not grow with the tasks: at some of them, others each time. */
  async glance(plan: NetworkPlan): Promise<Report> {
    return await this.#inTurn(() => this.#make(plan, 'here and there'));
  }

  /** For somebody who wonders where packets stop. Undefined before anything was made. */
  async look(question: WayQuestion): Promise<WayLook | undefined> {
    return await this.#inTurn(async () => {
      if (this.#made === undefined || this.#host === undefined) return undefined;
      return await this.#answer(question, this.#made, this.#host);
    });
  }

  /** What the kernel counts. */
  async figures(): Promise<Figures> {
    const { host } = this.#options;
    const router = this.#names.netnsPath;
    const [drops, ofRouter, ofHost] = await Promise.all([
      this.#countDrops(
        listFamilies().flatMap((family) => [
          { netns: router, family, name: ROUTER_TABLE },
          { netns: host, family, name: this.#names.hostTable },
        ]),
      ),
      readConnections(router),
      readConnections(host),
    ]);
    return { drops, connections: { router: ofRouter, host: ofHost } };
  }

  /** Rules and elements of all tables. */
  get rules(): number {
    return this.#rules;
  }

  async #answer(question: WayQuestion, plan: NetworkPlan, host: Host): Promise<WayLook> {
    const own = plan.attachments.filter(({ taskId }) => taskId === question.taskId);
    const attachment = own.find(({ networkId }) => networkId === question.networkId) ?? own[0];
    const { host: hostNetns } = this.#options;
    const wanted: Wanted = {
      plan,
      host,
      hostNetns,
      names: this.#names,
      ...this.#drawTables(this.#partsOf(plan)),
    };
    const [astray, way, ofTask, listeners] = await Promise.all([
      compareNode(wanted),
      lookAtWay(this.#names.netnsPath, question, attachment),
      attachment ? compareTask(wanted, attachment.netns) : [],
      attachment ? listListeners(attachment.netns) : [],
    ]);
    return {
      ...way,
      astray,
      ...(attachment && { task: { address: attachment.address, astray: ofTask, listeners } }),
    };
  }

  async #make(plan: NetworkPlan, told: Look): Promise<Report> {
    const problems = checkPlan(plan);
    if (problems.length > 0) throw new Error(`not a plan of a data path: ${problems.join('; ')}`);
    const isLost = !this.#links.isSure || !isSameNode(this.#plan, plan);
    const closely: Look = isLost ? 'everywhere' : told;
    const look = closely !== 'nowhere';
    const before = this.#parts;
    this.#plan = undefined;
    this.#parts = undefined;
    if (look) await this.#lookAround(plan);
    const parts = this.#partsOf(plan);
    const failures = await this.#links.keep(plan, this.#host!, closely);
    if (look) await this.#openHost();
    if (hasNetworks(parts[1]) && (look || !hasNetworks(before?.[1]))) await forwardIpv6(this.#options.host);
    const published = listHoldable(parts);
    // Whoever had a port may have let go of it.
    const isPublishing = look || this.#refused.length > 0 || !isSamePorts(before, parts);
    // Held before anything leads to the router, and released after nothing does.
    if (isPublishing) this.#refused = await this.#hold([...published, ...listHoldable(before ?? [])]);
    await this.#writeRules(parts, before, look);
    if (isPublishing && before !== undefined) await this.#hold(published);
    this.#plan = plan;
    this.#made = plan;
    this.#parts = parts;
    return { failures, refusedPorts: this.#refused };
  }

  #partsOf(plan: NetworkPlan): readonly [Part, Part] {
    const { addresses, uplink, uplink6 } = this.#host!;
    const addresses4 = addresses.filter((one) => !isIpv6Text(one));
    const addresses6 = addresses.filter(isIpv6Text);
    return [
      { family: IPV4, plan, uplink, addresses: addresses4 },
      { family: IPV6, plan: inIpv6(plan), uplink: uplink6, addresses: addresses6 },
    ];
  }

  async #lookAround(plan: NetworkPlan): Promise<void> {
    this.#host = await lookAtHost(this.#options.host, this.#names, plan.node.underlay);
    await makeNamespace(this.#names);
    await setSysctls(this.#names.netnsPath, routerSysctls);
  }

  /** Once the uplink is there. */
  async #openHost(): Promise<void> {
    const { host } = this.#options;
    await setSysctls(host, hostSysctls(this.#names.uplink));
    await passDocker(host, this.#names.uplink);
  }

  async #hold(ports: readonly HeldPort[]): Promise<readonly RefusedPort[]> {
    const { host: netns, holderCommand: command } = this.#options;
    const distinct = new Map(ports.map((port) => [sayHeld(port), port]));
    return await tellHolder({ netns, socketPath: locateHolder(this.#options), command }, [
      ...distinct.values(),
    ]);
  }

  #drawTables(parts: readonly Part[]): Tables {
    const refused = new Set(this.#refused.map(sayHeld));
    const drawn = parts.map(({ family, plan, uplink, addresses: hostAddresses }) => {
      const held = new Set(
        plan.published.map(sayPort).filter((port) => !refused.has(family === IPV4 ? port : `ip6 ${port}`)),
      );
      const machine = { router: uplink.router, hostAddresses, held };
      return {
        router: writeRouterTable(plan, machine, family),
        host: writeHostTable(plan, this.#names, uplink, held, family),
      };
    });
    return {
      routerTables: drawn.map(({ router }) => router),
      hostTables: drawn.map(({ host }) => host),
    };
  }

  async #writeRules(
    parts: readonly Part[],
    before: readonly Part[] | undefined,
    look: boolean,
  ): Promise<void> {
    const { routerTables, hostTables } = this.#drawTables(parts);
    const verb = look ? 'mend' : 'write';
    await this.#routerRules[verb](routerTables);
    await this.#hostRules[verb](hostTables);
    this.#rules = [...routerTables, ...hostTables].reduce((sum, table) => sum + countRules(table), 0);
    for (const [index, { family, plan, uplink, addresses }] of parts.entries()) {
      const was = before?.[index];
      // Where nothing was led anywhere, nothing is led astray.
      if (family === IPV6 && !hasNetworks(parts[index]) && !hasNetworks(was)) continue;
      if (look || was === undefined || hasLostEndpoints(was.plan, plan))
        await forgetFlows(this.#names.netnsPath, family, isStale(plan));
      if (look || was === undefined || !isSamePublished(was.plan, plan)) {
        const led = new Set(hostTables[index]!.collections.get('ports')!.elements.keys());
        await forgetFlows(this.#options.host, family, isAstray(new Set(addresses), uplink.router, led));
      }
    }
  }

  /** One at a time: two would each change what the other has seen. */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return await result;
  }
}

function listFamilies(): TableName['family'][] {
  return [IPV4, IPV6].map(({ name }) => name);
}

/** Takes away all that there is of a node's data path on this machine, whoever made it and whether or not it runs. */
export async function removeRouter(identity: RouterIdentity): Promise<void> {
  const names = nameRouter(identity.clusterId, identity.nodeId);
  // What is in a namespace that is gone has gone with it.
  if (identity.host === undefined || isNamespace(identity.host)) {
    await removeTables(
      identity.host,
      listFamilies().map((family) => ({ family, name: names.hostTable })),
    );
    await unpassDocker(identity.host, names.uplink);
  }
  await endHolder(locateHolder(identity));
  await removeLinks(names.netnsPath);
  await removeNamespace(names);
}

function locateHolder({ runDir, clusterId, nodeId }: RouterIdentity): string {
  return path.join(runDir, `ports-${nameRouter(clusterId, nodeId).tag}.sock`);
}

/** Those that a process here can hold: there are no sockets for the rest. */
function listHoldable(parts: readonly Part[]): HeldPort[] {
  return parts.flatMap(({ family, plan: { published } }) =>
    published.flatMap(({ protocol, port, endpoints }): HeldPort[] => {
      if (protocol === 'sctp') return [];
      if (family === IPV4) return [{ protocol, port }];
      // Where nothing is led by IPv6, a client is to be refused there, and to try the other.
      return endpoints.length === 0 ? [] : [{ protocol, port, ipv6: true }];
    }),
  );
}

function hasNetworks(part: Part | undefined): boolean {
  return part !== undefined && part.plan.networks.length > 0;
}

function isSameNode(before: NetworkPlan | undefined, { node }: NetworkPlan): boolean {
  return before?.node.number === node.number && before.node.underlay === node.underlay;
}

function isSamePorts(before: readonly Part[] | undefined, parts: readonly Part[]): boolean {
  if (before === undefined) return false;
  return parts.every(({ plan }, index) => isSamePublished(before[index]!.plan, plan));
}

function isSamePublished(before: NetworkPlan, { published }: NetworkPlan): boolean {
  return JSON.stringify(before.published) === JSON.stringify(published);
}

function hasLostEndpoints(before: NetworkPlan, after: NetworkPlan): boolean {
  const list = ({ services, published }: NetworkPlan) => [
    ...services.flatMap(({ vip, endpoints }) => endpoints.map((one) => `${vip} ${one}`)),
    ...published.flatMap(({ protocol, port, target, endpoints }) =>
      endpoints.map((one) => `${protocol} ${port} ${one} ${target}`),
    ),
  ];
  const now = new Set(list(after));
  return list(before).some((one) => !now.has(one));
}
