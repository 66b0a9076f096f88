// What a node says of itself when it joins, and what the cluster says of the node.
import { z } from 'zod';

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
  /** What SwarmKit calls node labels. Until an operator can set them, the agent's own flags do. */
  labels: z.record(z.string(), z.string()),
  addr: z.string().optional(),
});
export type NodeDescription = z.infer<typeof nodeDescriptionSchema>;

/** `unknown`: joined, not yet heard of. `suspect`: heartbeats missing, not yet given up; or its engine does not answer. */
export const nodeStatuses = ['unknown', 'ready', 'suspect', 'down'] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

export const nodeAvailabilities = ['active', 'pause', 'drain'] as const;
export type NodeAvailability = (typeof nodeAvailabilities)[number];
