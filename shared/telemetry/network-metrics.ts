// What a node has of its networks, by what its agent last saw of the kernel.
import { each, flag, type Metric, type Sample } from './metric.ts';
import type { RoleReading } from './observed.ts';

const perSpace = (pick: 'used' | 'limit') => (reading: RoleReading) =>
  Object.entries(reading.agent?.networks?.connections ?? {}).flatMap(([space, seen]): Sample[] =>
    seen ? [[seen[pick], { space }]] : [],
  );

export const networkMetrics: readonly Metric[] = [
  {
    name: 'muster_network_objects',
    help: 'What the kernel of the node has for its networks: networks, peers (other nodes), attachments of tasks, services, their endpoints, ports, and rules with their elements.',
    type: 'gauge',
    labels: ['kind'],
    read: ({ agent }) => each('kind', agent?.networks?.objects),
  },
  {
    name: 'muster_network_delay_seconds',
    help: "From the time of an event in the log until the node's kernel went by what follows from it.",
    type: 'histogram',
    read: ({ measures }) => measures.kernel,
  },
  {
    name: 'muster_network_dropped_packets_total',
    help: 'Packets dropped or refused, by why: spoofed addresses, refused (between networks, or out of an internal one), unserved by the router itself, strangers on the overlay, martians, undue from outside.',
    type: 'counter',
    labels: ['reason'],
    read: ({ agent }) => each('reason', agent?.networks?.drops),
  },
  {
    name: 'muster_network_connections',
    help: 'Connections that the kernel tracks, in the router and on the host.',
    type: 'gauge',
    labels: ['space'],
    merge: 'most',
    read: perSpace('used'),
  },
  {
    name: 'muster_network_connections_limit',
    help: 'How many it tracks at most: new ones are dropped beyond.',
    type: 'gauge',
    labels: ['space'],
    merge: 'least',
    read: perSpace('limit'),
  },
  {
    name: 'muster_network_incomplete',
    help: 'Nodes whose networks are not as they are to be.',
    type: 'gauge',
    read: ({ agent }) => flag(agent?.networks && agent.networks.trouble !== undefined),
  },
];
