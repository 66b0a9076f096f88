// What every node's data path and resolver need beside the node's own commands: who is where on a network, and who answers for a
// service there. Told once for each network and service. Derived from the log as commands are, and level-triggered as they are.
import { z } from 'zod';
import { WIRE_VERSION } from '../envelope.ts';
import { subnetSchema } from '../objects/network-events.ts';
import { compileCheck, type Issue } from '../reading/compile-check.ts';

const head = {
  v: z.literal(1),
  /** The log sequence it follows from: of two messages for one subject, the one with the higher basis holds. */
  basis: z.int().nonnegative(),
  at: z
    .number()
    .optional()
    .describe(
      'When the log took what it follows from, in ms by its clock: how late a node is, is told by it.',
    ),
};

/** A network that has its subnets, and the nodes that have part in it. */
export const networkEndpointsSchema = z.object({
  ...head,
  type: z.literal('network'),
  network: z.object({
    id: z.string(),
    name: z.string(),
    /** Whose it is; the default team's when left out. */
    team: z.string().optional(),
    /** The network's own in the cluster: what packets are marked with. */
    number: z.int().positive(),
    internal: z.boolean(),
    subnets: z.array(subnetSchema),
    /** Published ports are reached through it: every node has part in it, with blocks or without. */
    ingress: z.boolean().optional(),
  }),
  nodes: z.array(
    z.object({
      id: z.string(),
      /** The node's own in the cluster. */
      number: z.int().positive(),
      /** Where other nodes reach it. */
      underlay: z.string(),
      /** "10.0.3.64/26" */
      blocks: z.array(z.string()),
    }),
  ),
});
export type NetworkEndpoints = z.infer<typeof networkEndpointsSchema>;

/** A service on one of its networks. */
export const serviceEndpointsSchema = z.object({
  ...head,
  type: z.literal('service'),
  service: z.object({
    id: z.string(),
    name: z.string(),
    /** Whose it is; the default team's when left out. */
    team: z.string().optional(),
  }),
  /** Its virtual one; left out when its name leads to its tasks' own. */
  address: z.string().optional(),
  aliases: z.array(z.string()),
  /** Those that take traffic. */
  tasks: z.array(
    z.object({
      id: z.string(),
      slot: z.int(),
      name: z.string(),
      hostname: z.string().optional(),
      address: z.string(),
      /** The number of its node. */
      node: z.int().positive(),
    }),
  ),
  /** On the ingress network: those that every node answers on, and where they lead at each of its tasks. */
  ports: z
    .array(
      z.object({
        protocol: z.enum(['tcp', 'udp', 'sctp']),
        published: z.int().positive(),
        target: z.int().positive(),
      }),
    )
    .optional(),
});
export type ServiceEndpoints = z.infer<typeof serviceEndpointsSchema>;

/** The network is gone, or the service is on it no more. */
export const goneEndpointsSchema = z.object({ ...head, type: z.literal('gone') });
export type GoneEndpoints = z.infer<typeof goneEndpointsSchema>;

export type Endpoints = NetworkEndpoints | ServiceEndpoints | GoneEndpoints;

/** What an agent says of how far its node has come: nodes that lag are waited for, a little, before a task is told to stop. */
export const followsSchema = z.object({
  seq: z
    .int()
    .nonnegative()
    .describe('The last sequence of the stream of endpoints that the node goes by, with all before it.'),
});
export type Follows = z.infer<typeof followsSchema>;

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };
const checks = {
  network: compileCheck(networkEndpointsSchema, WIRE_VERSION),
  service: compileCheck(serviceEndpointsSchema, WIRE_VERSION),
  gone: compileCheck(goneEndpointsSchema, WIRE_VERSION),
};

export function encodeEndpoints(endpoints: Endpoints): Uint8Array {
  return utf8.encoder.encode(JSON.stringify(endpoints));
}

/** What it does not know is left out. Throws when what it needs is not there, or is of another version. */
export function decodeEndpoints(data: Uint8Array): Endpoints {
  const endpoints: unknown = JSON.parse(utf8.decoder.decode(data));
  const type = (endpoints as { readonly type?: unknown } | null)?.type;
  if (type !== 'network' && type !== 'service' && type !== 'gone')
    throw new Error("the endpoints can't be read: type must be network, service or gone");
  const issue = checks[type].reduce(endpoints);
  if (issue) throw new Error(`the endpoints can't be read: ${describe(issue)}`);
  return endpoints as Endpoints;
}

function describe({ path, message }: Issue): string {
  return `${path === '' ? 'it' : path} ${message}`;
}
