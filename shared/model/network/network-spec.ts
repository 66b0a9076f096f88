// The one form a network has inside muster: SwarmKit's NetworkSpec (api/specs.proto) in camelCase, with Docker's names
// where it has flat ones. Fields of theirs that nothing here acts on are not in the schema, so that asking for them is
// refused by name.
import { z } from 'zod';

const stringMap = z.record(z.string(), z.string());

export const ipamConfigSchema = z.strictObject({
  /** "10.0.9.0/24" */
  subnet: z.string(),
  /** The part of the subnet that addresses are taken from. */
  ipRange: z.string().optional(),
  gateway: z.string().optional(),
  /** Addresses that somebody else has, by what they are called; nobody else gets them. */
  auxAddresses: stringMap.optional(),
});
export type IpamConfig = z.infer<typeof ipamConfigSchema>;

export const networkSpecSchema = z.strictObject({
  name: z.string(),
  labels: stringMap.default({}),
  driver: z.string().default('overlay'),
  /** The driver's. */
  options: stringMap.default({}),
  /** No way out of it, nor in. */
  internal: z.boolean().default(false),
  /** Containers that are no service's may join it. */
  attachable: z.boolean().default(false),
  /** The one that published ports are reached through. */
  ingress: z.boolean().default(false),
  ipv6: z.boolean().default(false),
  /** Without a subnet it gets one of the cluster's pools. */
  ipam: z.strictObject({ configs: z.array(ipamConfigSchema).default([]) }).prefault({}),
});
/** Complete and normalised. It never changes: another network has another id. */
export type NetworkSpec = z.infer<typeof networkSpecSchema>;

/** A task on a network: SwarmKit's NetworkAttachmentConfig. */
export const networkAttachmentSchema = z.strictObject({
  /** A network's id, or its name as a user writes it. */
  target: z.string().min(1),
  /** By which its tasks are found there, beside the service's name. */
  aliases: z.array(z.string()).default([]),
  driverOpts: stringMap.default({}),
});
export type NetworkAttachment = z.infer<typeof networkAttachmentSchema>;
