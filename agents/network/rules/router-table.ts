// The rules in a node's router: who is who, who may speak to whom, and who stands for a virtual address or a port.
import { type Family, nodeMac, serviceChain, taskLink } from '../addressing.ts';
import type { Attachment, NetworkPlan, PublishedPort } from '../plan.ts';
import { type Chain, type Collection, mapOf, setOf, type Table } from './table.ts';

export const ROUTER_TABLE = 'muster';

/** What the machine has, and a plan can't say. */
export interface Machine {
  /** The router's end of the uplink, where the host sends what comes to a published port. */
  readonly router: string;
  /** All the addresses of this host, of the family. */
  readonly hostAddresses: readonly string[];
  /** `tcp . 8080`: what is ours on this host. */
  readonly held: ReadonlySet<string>;
}

/** The plan, and the machine's addresses, are of that family alone. */
export function writeRouterTable(plan: NetworkPlan, machine: Machine, family: Family): Table {
  const services = plan.services.filter(({ endpoints }) => endpoints.length > 0);
  const published = plan.published.filter(({ endpoints }) => endpoints.length > 0);
  return {
    family: family.name,
    name: ROUTER_TABLE,
    counters: ['spoofed', 'refused', 'unserved'],
    collections: new Map([
      ...membership(plan, family),
      ...destinations(plan, machine, { services, published }, family),
    ]),
    chains: new Map([
      ...Object.entries(baseChains(machine.router, family)),
      ...services.map(({ vip, endpoints }): [string, Chain] => [
        serviceChain(vip),
        { rules: [`dnat to ${takeTurns(endpoints)}`] },
      ]),
      ...published.map((one): [string, Chain] => [portChain(one), { rules: [balancePort(one)] }]),
    ]),
  };
}

/** Who has which address, and whose networks are whose. */
function membership(
  { networks, peers, attachments }: NetworkPlan,
  { address: type }: Family,
): [string, Collection][] {
  return [
    [
      'owners',
      setOf(
        `set type ifname . ${type}`,
        attachments.map(({ address }) => `"${taskLink(address)}" . ${address}`),
      ),
    ],
    [
      'subnets',
      setOf(
        `set type ${type}; flags interval`,
        networks.map(({ subnet }) => subnet),
      ),
    ],
    [
      'same_network',
      setOf(
        `set type ${type} . ${type}; flags interval`,
        networks.filter(({ ingress }) => !ingress).map(({ subnet }) => `${subnet} . ${subnet}`),
      ),
    ],
    [
      'ingress',
      setOf(
        `set type ${type}; flags interval`,
        networks.filter(({ ingress }) => ingress).map(({ subnet }) => subnet),
      ),
    ],
    [
      'way_out',
      setOf(
        `set type ${type}; flags interval`,
        networks.filter(({ internal }) => !internal).map(({ subnet }) => subnet),
      ),
    ],
    [
      'senders',
      setOf(
        `set type ether_addr . ${type}; flags interval`,
        peers.flatMap(({ number, blocks }) => blocks.map(({ block }) => `${nodeMac(number)} . ${block}`)),
      ),
    ],
    [
      'node_of',
      mapOf(
        'map type ether_addr : mark',
        peers.map(({ number }) => [nodeMac(number), `${number}`] as const),
      ),
    ],
    ['themselves', setOf(`set type ${type} . ${type}`, pairOwnAddresses(attachments))],
  ];
}

/** What stands for something else. */
function destinations(
  { peers }: NetworkPlan,
  { hostAddresses, held }: Machine,
  { services, published }: Pick<NetworkPlan, 'services' | 'published'>,
  { address: type, name }: Family,
): [string, Collection][] {
  const ports = published.map((one) => [`${one.protocol} . ${one.port}`, `goto ${portChain(one)}`] as const);
  const targets = published.flatMap(({ protocol, target, endpoints }) =>
    endpoints.map((address) => `${address} . ${protocol} . ${target}`),
  );
  return [
    [
      'vips',
      mapOf(
        `map type ${type} : verdict`,
        services.map(({ vip }) => [vip, `goto ${serviceChain(vip)}`] as const),
      ),
    ],
    ['ports', mapOf('map type inet_proto . inet_service : verdict', ports)],
    ['held', setOf('set type inet_proto . inet_service', held)],
    ['targets', setOf(`set type ${type} . inet_proto . inet_service`, targets)],
    ['here', setOf(`set type ${type}`, hostAddresses)],
    [
      'elsewhere',
      setOf(
        `set type ${type}`,
        // Nodes know one another by IPv4 alone.
        name === 'ip' ? peers.map(({ underlay }) => underlay) : [],
      ),
    ],
  ];
}

function baseChains(router: string, { name: ip, gateway, ping, nowhere }: Family): Record<string, Chain> {
  const port = 'meta l4proto . th dport';
  return {
    // Nobody speaks in another's name: a task in no other's, a node in that of its tasks, the world in no task's.
    guard: {
      hook: 'type filter hook prerouting priority raw',
      rules: [
        `iifname "t*" iifname . ${ip} saddr != @owners counter name spoofed drop`,
        `iifname "vx0" ${ip} saddr @subnets ether saddr . ${ip} saddr != @senders counter name spoofed drop`,
        `iifname "uplink" ${ip} saddr @subnets counter name spoofed drop`,
      ],
    },
    // What came through another node goes back through it, where its destination was changed.
    remember: {
      hook: 'type filter hook prerouting priority mangle',
      rules: ['iifname "vx0" ct mark set ether saddr map @node_of', 'iifname "t*" meta mark set ct mark'],
    },
    // The overlay's device asks for its own way with the mark of what it carries, and would send to itself.
    forget: {
      hook: 'type filter hook postrouting priority mangle',
      rules: ['oifname "vx0" meta mark set 0'],
    },
    choose: {
      hook: 'type nat hook prerouting priority dstnat',
      rules: [
        `iifname "t*" ${ip} daddr vmap @vips`,
        `iifname "uplink" ${ip} daddr ${router} ${port} vmap @ports`,
        // Sent out and back through the host, it would be a martian.
        `iifname "t*" ${ip} daddr @elsewhere ${port} vmap @ports`,
        `iifname "t*" ${ip} daddr @here ${port} @held ${port} vmap @ports`,
      ],
    },
    disguise: {
      hook: 'type nat hook postrouting priority srcnat',
      rules: [
        // A task that was sent to itself would drop what has its own address.
        `${ip} saddr . ${ip} daddr @themselves snat to ${gateway}`,
        'iifname "t*" oifname "uplink" masquerade',
      ],
    },
    isolate: {
      hook: 'type filter hook forward priority filter; policy drop',
      rules: [
        'ct state established,related accept',
        `${ip} daddr . meta l4proto . th dport @targets accept`,
        // Another node has let it in. It may have heard of an endpoint earlier than this one, or go by it a little longer.
        `iifname "vx0" ${ip} daddr @ingress accept`,
        `iifname != "uplink" ${ip} saddr . ${ip} daddr @same_network accept`,
        `iifname "t*" oifname "uplink" ${ip} saddr @way_out accept`,
        'counter name refused',
        `iifname "t*" reject with ${nowhere}`,
      ],
    },
    receive: {
      hook: 'type filter hook input priority filter; policy drop',
      rules: [
        'ct state established,related accept',
        'iifname "lo" accept',
        `iifname "t*" ${ip} daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept`,
        `iifname "t*" ${ip} daddr ${gateway} ${ping} accept`,
        'counter name unserved',
        `iifname "t*" reject with ${nowhere}`,
      ],
    },
  };
}

/** Every address that a task may have sent from to every one that it may be found at. */
function pairOwnAddresses(attachments: readonly Attachment[]): string[] {
  const byTask = new Map<string, string[]>();
  for (const { taskId, address } of attachments) byTask.set(taskId, [...(byTask.get(taskId) ?? []), address]);
  return [...byTask.values()].flatMap((own) => own.flatMap((from) => own.map((to) => `${from} . ${to}`)));
}

function portChain({ protocol, port }: PublishedPort): string {
  return `port_${protocol}_${port}`;
}

/** A chain that was gone to has to say the protocol again. */
function balancePort({ protocol, target, endpoints }: PublishedPort): string {
  return `meta l4proto ${protocol} dnat to ${takeTurns(endpoints.map((address) => `${address} . ${target}`))}`;
}

function takeTurns(destinations: readonly string[]): string {
  const turns = destinations.map((destination, index) => `${index} : ${destination}`);
  return `numgen inc mod ${destinations.length} map { ${turns.join(', ')} }`;
}
