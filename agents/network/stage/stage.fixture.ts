// Several hosts on one machine for tests: namespaces on one bridge, each with what Docker does to a firewall, a router of
// ours, and tasks; and somebody outside.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { inNetns, SEARCH_PATH } from '../kernel/run.ts';
import { whatIsMissing } from '../missing.ts';
import type { Attachment, NetworkPlan, Peer, PlannedNetwork } from '../plan.ts';
import { Router, type RouterOptions, removeRouter } from '../router.ts';
import { nameRouter } from '../router-names.ts';
import { Guest } from './guest.fixture.ts';

/** Why tests of the data path can't run here; undefined where they can. */
export async function whyNoStage(): Promise<string | undefined> {
  const missing = await whatIsMissing();
  return missing.length > 0 ? missing.map(({ sentence }) => sentence).join('; ') : undefined;
}

export interface StageHost {
  readonly number: number;
  readonly underlay: string;
  readonly guest: Guest;
  readonly options: RouterOptions;
  router: Router;
}

export interface StageTask {
  readonly guest: Guest;
  readonly host: number;
  readonly attachments: readonly Attachment[];
}

let stages = 0;

export class Stage {
  readonly clusterId = `stage-${process.pid}-${++stages}`;
  readonly hosts: StageHost[] = [];
  readonly tasks: StageTask[] = [];
  readonly outside = new Guest('outside');
  readonly #bridge = new Guest('bridge');
  readonly folder = mkdtempSync(path.join(tmpdir(), 'muster-stage-'));

  /** All networks are 10.201.N.0/24, and fd00:201:N::/64 where they have IPv6; a host's block is a /26 of it, by the host's number. */
  readonly networks: PlannedNetwork[] = [];
  services: NetworkPlan['services'] = [];
  published: NetworkPlan['published'] = [];

  static async make(
    hosts: number,
    networks: readonly { readonly internal?: boolean; readonly ipv6?: boolean }[],
  ): Promise<Stage> {
    const stage = new Stage();
    networks.forEach(({ internal = false, ipv6 = false }, index) => {
      const number = index + 1;
      const subnet6 = ipv6 ? { subnet6: `fd00:201:${number}::/64` } : {};
      stage.networks.push({
        id: `net${number}`,
        number,
        subnet: `10.201.${number}.0/24`,
        ...subnet6,
        internal,
      });
    });
    await Promise.all([stage.outside.isThere(), stage.#bridge.isThere()]);
    inside(stage.#bridge, 'ip link add lan type bridge', 'ip link set lan up');
    stage.#plug(stage.outside, '10.90.0.99');
    const holder = bundle('holder.fixture.ts', stage.folder);
    for (let number = 1; number <= hosts; number += 1) await stage.#addHost(number, holder);
    return stage;
  }

  /** A new namespace with somebody in it, who serves TCP and UDP at 8080 (and is not attached yet). */
  async addTask(name: string, host: number, ...networks: readonly number[]): Promise<StageTask> {
    const guest = new Guest(name);
    await guest.isThere();
    await guest.serve(8080);
    await guest.serve(8080, 'udp');
    await guest.serve(8080, 'tcp', '::');
    await guest.serve(8080, 'udp', '::');
    const last = this.tasks.filter((task) => task.host === host).length + 2;
    const attachments = networks.map((network, index) => ({
      taskId: name,
      networkId: `net${network}`,
      address: `10.201.${network}.${(host - 1) * 64 + last}`,
      netns: guest.netns,
      interface: `eth${index}`,
    }));
    const task = { guest, host, attachments };
    this.tasks.push(task);
    return task;
  }

  planOf(host: StageHost): NetworkPlan {
    const blockOf = (number: number, network: PlannedNetwork) =>
      `10.201.${network.number}.${(number - 1) * 64}/26`;
    const peers = this.hosts.filter((other) => other !== host);
    return {
      node: { number: host.number, underlay: host.underlay },
      networks: this.networks.map((network) => ({ ...network, block: blockOf(host.number, network) })),
      peers: peers.map(
        ({ number, underlay }): Peer => ({
          number,
          underlay,
          blocks: this.networks.map((network) => ({
            network: network.number,
            block: blockOf(number, network),
          })),
        }),
      ),
      attachments: this.tasks.filter((task) => task.host === host.number).flatMap((task) => task.attachments),
      services: this.services,
      published: this.published,
    };
  }

  /** All hosts; a failure of any is an error. */
  async apply(verb: 'apply' | 'mend' = 'apply'): Promise<void> {
    for (const host of this.hosts) {
      const { failures } = await host.router[verb](this.planOf(host));
      if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join('; '));
    }
  }

  async end(): Promise<void> {
    for (const { options } of this.hosts) await removeRouter(options);
    const guests = [...this.tasks, ...this.hosts].map(({ guest }) => guest);
    await Promise.all([...guests, this.outside, this.#bridge].map((guest) => guest.end()));
    rmSync(this.folder, { recursive: true });
  }

  async #addHost(number: number, holder: string): Promise<void> {
    const nodeId = `node${number}`;
    const guest = new Guest(`host${number}`, nameRouter(this.clusterId, nodeId).netns);
    await guest.isThere();
    const underlay = `10.90.0.${number}`;
    this.#plug(guest, underlay);
    inside(
      guest,
      'iptables -P FORWARD DROP',
      'iptables -N DOCKER-USER',
      'iptables -A DOCKER-USER -j RETURN',
      'iptables -I FORWARD -j DOCKER-USER',
      'ip6tables -P FORWARD DROP',
      'ip6tables -N DOCKER-USER',
      'ip6tables -A DOCKER-USER -j RETURN',
      'ip6tables -I FORWARD -j DOCKER-USER',
    );
    const options: RouterOptions = {
      clusterId: this.clusterId,
      nodeId,
      host: guest.netns,
      runDir: this.folder,
      holderCommand: [process.execPath, holder, `${process.pid}`],
    };
    this.hosts.push({ number, underlay, guest, options, router: new Router(options) });
  }

  #plug(guest: Guest, address: string): void {
    const port = `p${address.replaceAll('.', '')}`;
    inside(
      guest,
      `ip link add eth0 type veth peer name ${port} netns ${this.#bridge.netns}`,
      `ip address add ${address}/24 dev eth0`,
      `ip address add fd00:90::${address.split('.')[3]}/64 dev eth0 nodad`,
      'ip link set eth0 up',
      'ip link set lo up',
    );
    inside(this.#bridge, `ip link set ${port} master lan`, `ip link set ${port} up`);
  }
}

/** A program of these tests, as one file in a folder. */
export function bundle(name: string, folder: string): string {
  const outfile = path.join(folder, name.replace('.fixture.ts', '.mjs'));
  const entry = path.join(import.meta.dirname, name);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return outfile;
}

/** Runs commands in a namespace, and gives what they print. */
export function inside({ netns }: { readonly netns: string }, ...commands: readonly string[]): string {
  const [program, ...args] = inNetns(netns, ['sh', '-ec', commands.join('\n')]);
  return execFileSync(program!, args, { encoding: 'utf8', env: { ...process.env, PATH: SEARCH_PATH } });
}
