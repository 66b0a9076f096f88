// The data path of one node: what a plan says, made so. Level-triggered: each call has the whole plan, looks at what is there
// where that isn't known, and changes the difference. Packets need nobody here: they flow while this process is away, and
// whoever comes next adopts what is there.
import path from 'node:path';
import { checkPlan } from './check-plan.ts';
import { passDocker, unpassDocker } from './kernel/docker-user.ts';
import { forgetFlows } from './kernel/forget-flows.ts';
import { type Failure, LinkKeeper } from './kernel/link-keeper.ts';
import { type Host, lookAtHost } from './kernel/look-at-host.ts';
import { isNamespace, makeNamespace, removeNamespace } from './kernel/namespace.ts';
import { removeLinks } from './kernel/read-picture.ts';
import { RuleKeeper, removeTable } from './kernel/rule-keeper.ts';
import { hostSysctls, routerSysctls, setSysctls } from './kernel/sysctls.ts';
import type { NetworkPlan } from './plan.ts';
import { endHolder, tellHolder } from './ports/port-holder.ts';
import { type HeldPort, type RefusedPort, sayPort } from './ports/words.ts';
import { nameRouter, type RouterNames } from './router-names.ts';
import { isAstray, isStale } from './rules/flows.ts';
import { writeHostTable } from './rules/host-table.ts';
import { writeRouterTable } from './rules/router-table.ts';

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
  #refused: readonly RefusedPort[] = [];
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
    return await this.#inTurn(() => this.#make(plan, false));
  }

  /** The same after a look at everything: mends what others have done to it. */
  async mend(plan: NetworkPlan): Promise<Report> {
    return await this.#inTurn(() => this.#make(plan, true));
  }

  async #make(plan: NetworkPlan, isTold: boolean): Promise<Report> {
    const problems = checkPlan(plan);
    if (problems.length > 0) throw new Error(`not a plan of a data path: ${problems.join('; ')}`);
    const before = this.#plan;
    const look = isTold || !this.#links.isSure || !isSameNode(before, plan);
    this.#plan = undefined;
    if (look) await this.#lookAround(plan);
    const failures = await this.#links.keep(plan, this.#host!, look);
    if (look) await this.#openHost();
    const published = listHoldable(plan);
    // Whoever had a port may have let go of it.
    const isPublishing = look || this.#refused.length > 0 || !isSamePorts(before, plan);
    // Held before anything leads to the router, and released after nothing does.
    if (isPublishing)
      this.#refused = await this.#hold([...published, ...(before ? listHoldable(before) : [])]);
    await this.#writeRules(plan, before, look);
    if (isPublishing && before !== undefined) await this.#hold(published);
    this.#plan = plan;
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

  async #writeRules(plan: NetworkPlan, before: NetworkPlan | undefined, look: boolean): Promise<void> {
    const { addresses, uplink } = this.#host!;
    const refused = new Set(this.#refused.map(sayPort));
    const held = new Set(plan.published.map(sayPort).filter((port) => !refused.has(port)));
    const routerTable = writeRouterTable(plan, { router: uplink.router, hostAddresses: addresses, held });
    const hostTable = writeHostTable(plan, this.#names, uplink, held);
    const verb = look ? 'mend' : 'write';
    await this.#routerRules[verb](routerTable);
    await this.#hostRules[verb](hostTable);
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
  // What is in a namespace that is gone has gone with it.
  if (identity.host === undefined || isNamespace(identity.host)) {
    await removeTable(identity.host, names.hostTable);
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
