// What a node says of itself when it joins, and what the cluster says of the node.
import { z } from 'zod';
import { since } from './stored/wire-version.ts';

export const resourcesSchema = z.strictObject({
  nanoCpus: z.int().nonnegative(),
  memoryBytes: z.int().nonnegative(),
});
export type Resources = z.infer<typeof resourcesSchema>;

export const nodeDescriptionSchema = z.strictObject({
  hostname: z.string().min(1).max(255),
  platform: z.strictObject({ os: z.string(), architecture: z.string() }),
  resources: resourcesSchema,
  engine: z.strictObject({
    backend: z.string(),
    version: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
  /** Those that the agent was started with. An operator's, which are in the node's spec, go before them. */
  labels: z.record(z.string(), z.string()),
  addr: z.string().optional(),
  /** Drivers of networks that its tasks may be on, in Docker's words: overlay, bridge, host, null. */
  networks: since(2, z.array(z.string()).optional()),
  /** Published ports that another program has on the machine, and that are not answered there: "8080/tcp". */
  takenPorts: since(2, z.array(z.string()).optional()),
});
export type NodeDescription = z.infer<typeof nodeDescriptionSchema>;

/** `unknown`: joined, not yet heard of. `suspect`: heartbeats missing, not yet given up; or its engine does not answer. */
export const nodeStatuses = ['unknown', 'ready', 'suspect', 'down'] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

/** `pause`: gets no more tasks, and keeps those it has. `drain`: gives them up as well. */
export const nodeAvailabilities = ['active', 'pause', 'drain'] as const;
export type NodeAvailability = (typeof nodeAvailabilities)[number];

/** It grants nothing: constraints see it. */
export const nodeRoles = ['worker', 'manager'] as const;
export type NodeRole = (typeof nodeRoles)[number];

/** What an operator wants of a node: SwarmKit's NodeSpec (api/specs.proto). */
export const nodeSpecSchema = z.strictObject({
  availability: z.enum(nodeAvailabilities).default('active'),
  role: z.enum(nodeRoles).default('worker'),
  labels: z.record(z.string(), z.string()).default({}),
});
export type NodeSpec = z.infer<typeof nodeSpecSchema>;

export const INITIAL_NODE_SPEC: NodeSpec = { availability: 'active', role: 'worker', labels: {} };
