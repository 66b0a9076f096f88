// What a node's data path is to be, as data. Whoever wires it up makes a plan of the state of the cluster; nothing here
// asks where a plan comes from.

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface NetworkPlan {
  /** The number is the node's own in the cluster; the underlay an address of this machine that the others reach. */
  readonly node: { readonly number: number; readonly underlay: string };
  /** Those that this node takes part in, with its block of each; the ingress network among them. */
  readonly networks: readonly PlannedNetwork[];
  readonly peers: readonly Peer[];
  /** Of a task with several, the first one whose network has a way out is where everything else goes. */
  readonly attachments: readonly Attachment[];
  readonly services: readonly VirtualAddress[];
  readonly published: readonly PublishedPort[];
}

export interface PlannedNetwork {
  readonly id: string;
  readonly number: number;
  readonly subnet: string;
  /** Missing where the node has none: it takes part as a client of what is published. */
  readonly block?: string;
  readonly internal: boolean;
  /** Its tasks are reached by what they publish, and have nothing else to do with one another. */
  readonly ingress?: boolean;
}

export interface Peer {
  readonly number: number;
  readonly underlay: string;
  readonly blocks: readonly { readonly network: number; readonly block: string }[];
}

export interface Attachment {
  readonly taskId: string;
  readonly networkId: string;
  readonly address: string;
  /** A path, such as /proc/123/ns/net or one in /run/netns. */
  readonly netns: string;
  /** What the task calls it: eth0, eth1, … */
  readonly interface: string;
}

export interface VirtualAddress {
  readonly networkId: string;
  readonly vip: string;
  readonly endpoints: readonly string[];
}

export interface PublishedPort {
  readonly protocol: Protocol;
  readonly port: number;
  readonly target: number;
  /** Addresses of tasks on whatever node. */
  readonly endpoints: readonly string[];
}
