// What the kernel of a node does with the packets of one of its tasks, or with those that are for one of them: asked for by
// somebody who wonders where they stop. It changes nothing.
import { isIP } from 'node:net';
import { IPV4, serviceChain, taskLink } from '../addressing.ts';
import { askIp } from '../kernel/read-picture.ts';
import { run } from '../kernel/run.ts';
import type { Attachment } from '../plan.ts';
import { ROUTER_TABLE } from '../rules/router-table.ts';
import { type Asked, askName, tryConnection } from './ask-from.ts';
import { type Listener, parseListeners } from './listeners.ts';

export interface WayQuestion {
  /** One of this node's, whose own part is looked at. */
  readonly taskId?: string | undefined;
  /** By which of its networks; of the first unless said. */
  readonly networkId?: string | undefined;
  /** Asked of the resolver from where the task is. */
  readonly name?: string | undefined;
  /** Whether it is led anywhere. */
  readonly vip?: string | undefined;
  /** How packets to them go on. */
  readonly to?: readonly string[] | undefined;
  /** Opened from where the task is. */
  readonly connect?: { readonly host: string; readonly port: number } | undefined;
}

export interface WayLook {
  /** In words, what isn't as it should be: of the node; of the task, where it is attached. */
  readonly astray: readonly string[];
  readonly task?: {
    readonly address: string;
    readonly astray: readonly string[];
    readonly listeners: readonly Listener[];
  };
  readonly name?: Asked<{ readonly addresses: readonly string[] }>;
  /** Where the virtual address leads to; missing where it leads nowhere. */
  readonly endpoints?: readonly string[];
  readonly routes: readonly Route[];
  readonly connection?: Asked<{ readonly connected: true }>;
}

export interface Route {
  readonly to: string;
  /** `dev t0a000107`, `via 169.254.128.2 dev vx0`, or why there is none. */
  readonly way: string;
  /** Another node's address, where it leads there. */
  readonly through?: string;
  readonly isOpen: boolean;
}

/** All but what is astray. */
export async function lookAtWay(
  router: string,
  { name, vip, to = [], connect }: WayQuestion,
  attachment: Attachment | undefined,
): Promise<Omit<WayLook, 'astray' | 'task'>> {
  const from = attachment?.netns;
  const [endpoints, routes, answer, connection] = await Promise.all([
    vip === undefined ? undefined : listEndpoints(router, vip),
    Promise.all(to.map((address) => findRoute(router, address, attachment))),
    from && name !== undefined ? askName(from, IPV4.gateway, name) : undefined,
    from && connect ? tryConnection(from, connect.host, connect.port) : undefined,
  ]);
  return {
    routes,
    ...(endpoints && { endpoints }),
    ...(answer && { name: answer }),
    ...(connection && { connection }),
  };
}

export async function listListeners(netns: string): Promise<Listener[]> {
  const script = 'for name in tcp tcp6 udp udp6; do echo $name; cat /proc/net/$name; done 2>/dev/null';
  return parseListeners((await run(netns, ['sh', '-c', script])).stdout);
}

/** Undefined where no rule is for it. */
async function listEndpoints(router: string, vip: string): Promise<string[] | undefined> {
  const command = ['nft', '-j', 'list', 'chain', 'ip', ROUTER_TABLE, serviceChain(vip)];
  const { code, stdout } = await run(router, command);
  if (code !== 0) return undefined;
  const words = stdout.match(/"[0-9a-f.:]+"/g) ?? [];
  return [...new Set(words.map((word) => word.slice(1, -1)))].filter((word) => isIP(word) !== 0);
}

interface SaidRoute {
  readonly type?: string;
  readonly gateway?: string;
  readonly dev?: string;
}

async function findRoute(router: string, to: string, attachment: Attachment | undefined): Promise<Route> {
  const from = attachment ? ` from ${attachment.address} iif ${taskLink(attachment.address)}` : '';
  const { code, stdout, stderr } = await run(router, ['ip', '-j', ...`route get ${to}${from}`.split(' ')]);
  if (code !== 0) {
    const way = stderr
      .trim()
      .replace(/^(RTNETLINK answers|Error): /, '')
      .split('\n', 1)[0]!;
    return { to, way, isOpen: false };
  }
  const [{ gateway, dev }] = JSON.parse(stdout) as [SaidRoute];
  const way = [...(gateway ? [`via ${gateway}`] : []), `dev ${dev}`].join(' ');
  if (dev !== 'vx0') return { to, way, isOpen: dev !== 'uplink' };
  const through = await findNode(router, gateway);
  return { to, way, isOpen: through !== undefined, ...(through !== undefined && { through }) };
}

/** The node that a next hop stands for. */
async function findNode(router: string, hop: string | undefined): Promise<string | undefined> {
  const [neighbours] = (await askIp(router, ['neighbour show dev vx0'])) as [
    { dst: string; lladdr?: string }[],
  ];
  const mac = neighbours?.find(({ dst }) => dst === hop)?.lladdr;
  const { stdout } = await run(router, ['bridge', '-j', 'fdb', 'show', 'dev', 'vx0']);
  const entries = JSON.parse(stdout || '[]') as { mac: string; dst?: string }[];
  return mac === undefined ? undefined : entries.find((entry) => entry.mac === mac)?.dst;
}
