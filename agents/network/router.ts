// The data path of one node: what a plan says, made so. Level-triggered: each call has the whole plan, looks at what is there
// where that isn't known, and changes the difference. Packets need nobody here: they flow while this process is away, and
// whoever comes next adopts what is there.
import path from 'node:path';
import { checkPlan } from './check-plan.ts';
import { passDocker, unpassDocker } from './kernel/docker-user.ts';
import { forgetFlows } from './kernel/forget-flows.ts';
import { type Failure, LinkKeeper, type Look } from './kernel/link-keeper.ts';
import { type Host, lookAtHost } from './kernel/look-at-host.ts';
import { isNamespace, makeNamespace, removeNamespace } from './kernel/namespace.ts';
import { readPicture } from './kernel/read-picture.ts';
import { RuleKeeper, removeTable } from './kernel/rule-keeper.ts';
import { runBatch } from './kernel/run.ts';
import { hostSysctls, routerSysctls, setSysctls } from './kernel/sysctls.ts';
import { compareNode, compareTask, type Wanted } from './look/compare.ts';
import { createDropCounts, type Figures, readConnections } from './look/figures.ts';
import { listListeners, lookAtWay, type WayLook, type WayQuestion } from './look/look-at-way.ts';
import type { NetworkPlan } from './plan.ts';
import { endHolder, tellHolder } from './ports/port-holder.ts';
import { type HeldPort, type RefusedPort, sayPort } from './ports/words.ts';
import { nameRouter, type RouterNames } from './router-names.ts';
import { isAstray, isStale } from './rules/flows.ts';
import { writeHostTable } from './rules/host-table.ts';
import { ROUTER_TABLE, writeRouterTable } from './rules/router-table.ts';
import { countRules, type Table } from './rules/table.ts';

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
      this.#countDrops([
        { netns: router, table: ROUTER_TABLE },
        { netns: host, table: this.#names.hostTable },
      ]),
      readConnections(router),
      readConnections(host),
    ]);
    return { drops, connections: { router: ofRouter, host: ofHost } };
  }

  /** Rules and elements of both tables. */
  get rules(): number {
    return this.#rules;
  }

  async #answer(question: WayQuestion, plan: NetworkPlan, host: Host): Promise<WayLook> {
    const own = plan.attachments.filter(({ taskId }) => taskId === question.taskId);
    const attachment = own.find(({ networkId }) => networkId === question.networkId) ?? own[0];
    const { host: hostNetns } = this.#options;
    const wanted: Wanted = { plan, host, hostNetns, names: this.#names, ...this.#drawTables(plan) };
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
    const before = this.#plan;
    const isLost = !this.#links.isSure || !isSameNode(before, plan);
    const closely: Look = isLost ? 'everywhere' : told;
    const look = closely !== 'nowhere';
    this.#plan = undefined;
    if (look) await this.#lookAround(plan);
    const failures = await this.#links.keep(plan, this.#host!, closely);
    if (look) await this.#openHost();
    const published = listHoldable(plan);
    const isPublishing = look || !isSamePorts(before, plan);
    // Held before anything leads to the router, and released after nothing does.
    if (isPublishing)
      this.#refused = await this.#hold([...published, ...(before ? listHoldable(before) : [])]);
    await this.#writeRules(plan, before, look);
    if (isPublishing && before !== undefined) await this.#hold(published);
    this.#plan = plan;
    this.#made = plan;
    return { failures, refusedPorts: this.#refused };
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
    const distinct = new Map(ports.map((port) => [sayPort(port), port]));
    return await tellHolder({ netns, socketPath: locateHolder(this.#options), command }, [
      ...distinct.values(),
    ]);
  }

  #drawTables(plan: NetworkPlan): { readonly routerTable: Table; readonly hostTable: Table } {
    const { addresses, uplink } = this.#host!;
    const refused = new Set(this.#refused.map(sayPort));
    const held = new Set(plan.published.map(sayPort).filter((port) => !refused.has(port)));
    return {
      routerTable: writeRouterTable(plan, { router: uplink.router, hostAddresses: addresses, held }),
      hostTable: writeHostTable(plan, this.#names, uplink, held),
    };
  }

  async #writeRules(plan: NetworkPlan, before: NetworkPlan | undefined, look: boolean): Promise<void> {
    const { addresses, uplink } = this.#host!;
    const { routerTable, hostTable } = this.#drawTables(plan);
    const verb = look ? 'mend' : 'write';
    await this.#routerRules[verb](routerTable);
    await this.#hostRules[verb](hostTable);
    this.#rules = countRules(routerTable) + countRules(hostTable);
    if (look || before === undefined || hasLostEndpoints(before, plan))
      await forgetFlows(this.#names.netnsPath, isStale(plan));
    if (look || !isSamePorts(before, plan)) {
      const led = new Set(hostTable.collections.get('ports')!.elements.keys());
      await forgetFlows(this.#options.host, isAstray(new Set(addresses), uplink.router, led));
    }
  }

  /** One at a time: two would each change what the other has seen. */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return await result;
  }
}

/** Takes away all that there is of a node's data path on this machine, whoever made it and whether or not it runs. */
export async function removeRouter(identity: RouterIdentity): Promise<void> {
  const names = nameRouter(identity.clusterId, identity.nodeId);
  await removeTable(identity.host, names.hostTable);
  await unpassDocker(identity.host, names.uplink);
  await endHolder(locateHolder(identity));
  if (isNamespace(names.netnsPath)) await removeLinks(names.netnsPath);
  await removeNamespace(names);
}

/** At once: with the namespace they would go when the kernel comes to it, and not while somebody is in it. */
async function removeLinks(router: string): Promise<void> {
  const { links } = await readPicture(router, () => true);
  const lines = [...links.keys()].filter((name) => name !== 'lo').map((name) => `link delete ${name}`);
  await runBatch(router, 'ip', lines);
}

function locateHolder({ runDir, clusterId, nodeId }: RouterIdentity): string {
  return path.join(runDir, `ports-${nameRouter(clusterId, nodeId).tag}.sock`);
}

/** Those that a process here can hold: there are no sockets for the rest. */
function listHoldable({ published }: NetworkPlan): HeldPort[] {
  return published.flatMap(({ protocol, port }) => (protocol === 'sctp' ? [] : [{ protocol, port }]));
}

function isSameNode(before: NetworkPlan | undefined, { node }: NetworkPlan): boolean {
  return before?.node.number === node.number && before.node.underlay === node.underlay;
}

function isSamePorts(before: NetworkPlan | undefined, { published }: NetworkPlan): boolean {
  const say = (plan: readonly { readonly endpoints: readonly string[]; readonly port: number }[]) =>
    JSON.stringify(plan);
  return before !== undefined && say(before.published) === say(published);
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
