// The one form a service has inside muster: SwarmKit's ServiceSpec (api/specs.proto) in camelCase, with
// durations in nanoseconds as Docker's API has them. Input may write a duration as "5s" and leave out what
// has a default; the parsed value is complete. Fields of SwarmKit's that nothing here acts on yet are not in
// the schema, so that asking for them is refused by name rather than ignored.
import { z } from 'zod';
import { LONGEST_DURATION, parseDuration } from '../grammar/duration.ts';
import { networkAttachmentSchema } from '../network/network-spec.ts';
import { storeAs } from '../stored/stored-form.ts';
import { since } from '../stored/wire-version.ts';

const SECOND = 1e9;

export const durationSchema = storeAs(
  z
    .union([z.number(), z.string()])
    .transform((value, context) => {
      const nanos = typeof value === 'number' ? value : parseDuration(value);
      if (Number.isSafeInteger(nanos)) return nanos!;
      const message =
        nanos === undefined || Number.isNaN(nanos) || Math.abs(nanos) <= Number.MAX_SAFE_INTEGER
          ? `invalid duration "${value}": write it as "1m30s", or in whole nanoseconds`
          : `invalid duration "${value}": at most ${LONGEST_DURATION} are allowed`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .meta({ description: 'Nanoseconds, or a Go duration such as "1m30s"' }),
  z.int(),
);

const labelsSchema = z.record(z.string(), z.string());

export const serviceNameSchema = z.string();

export const mountSchema = z.strictObject({
  type: z.enum(['bind', 'volume', 'tmpfs']),
  source: z.string().optional(),
  target: z.string().min(1),
  readOnly: z.boolean().default(false),
});
export type Mount = z.infer<typeof mountSchema>;

/** SwarmKit's HealthConfig: what is 0 or left out is as the image says, and where that says nothing, as Docker has it. */
export const healthcheckSchema = z.strictObject({
  /** ["CMD", program, args…], ["CMD-SHELL", command], or ["NONE"] for none, whatever the image says; the image's when left out. */
  test: z.array(z.string()).optional(),
  interval: durationSchema.default(0),
  timeout: durationSchema.default(0),
  /** Failures within that time of the start count for nothing. */
  startPeriod: durationSchema.default(0),
  /** Instead of `interval` during that time, until it is healthy. */
  startInterval: durationSchema.default(0),
  retries: z.int().default(0),
});
export type Healthcheck = z.infer<typeof healthcheckSchema>;

/** Whether a task that is alive is to be sent anything. */
export const readinessSchema = z.strictObject({
  test: z.array(z.string()).default([]),
  interval: durationSchema.default(5 * SECOND),
  timeout: durationSchema.default(5 * SECOND),
  /** So many failures in a row, and it is sent nothing until it succeeds again. */
  retries: z.int().default(3),
});
export type Readiness = z.infer<typeof readinessSchema>;

/** What a container asks of names beside its networks'. */
export const dnsConfigSchema = z.strictObject({
  nameservers: z.array(z.string()).default([]),
  search: z.array(z.string()).default([]),
  options: z.array(z.string()).default([]),
});
export type DnsConfig = z.infer<typeof dnsConfigSchema>;

export const containerSpecSchema = z.strictObject({
  image: z.string().default(''),
  /** Replaces the image's entrypoint. */
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z.array(z.string()).default([]),
  dir: z.string().optional(),
  user: z.string().optional(),
  hostname: z.string().optional(),
  labels: labelsSchema.default({}),
  mounts: z.array(mountSchema).default([]),
  stopSignal: z.string().optional(),
  stopGracePeriod: durationSchema.default(10 * SECOND),
  tty: z.boolean().optional(),
  init: z.boolean().optional(),
  readOnly: z.boolean().optional(),
  healthcheck: since(2, healthcheckSchema.optional()),
  readiness: since(2, readinessSchema.optional()),
  dnsConfig: since(2, dnsConfigSchema.optional()),
  /** As lines of /etc/hosts: "10.0.0.1 name alias". */
  hosts: since(2, z.array(z.string()).optional()),
});
export type ContainerSpec = z.infer<typeof containerSpecSchema>;

const amountsSchema = z.strictObject({
  nanoCpus: z.int().default(0),
  memoryBytes: z.int().default(0),
});

export const restartPolicySchema = z.strictObject({
  condition: z.enum(['none', 'on-failure', 'any']).default('any'),
  delay: durationSchema.default(5 * SECOND),
  /** 0 is unlimited. */
  maxAttempts: z.int().nonnegative().default(0),
  /** 0 is unbounded. */
  window: durationSchema.default(0),
});
export type RestartPolicy = z.infer<typeof restartPolicySchema>;

/** Tasks are shared equally among the nodes' values of "node.labels.X" or "engine.labels.X". */
export const placementPreferenceSchema = z.strictObject({
  spread: z.strictObject({ spreadDescriptor: z.string() }),
});
export type PlacementPreference = z.infer<typeof placementPreferenceSchema>;

export const placementSchema = z.strictObject({
  constraints: z.array(z.string()).default([]),
  /** In their order: the tasks that one value gets are shared among the values of the next. */
  preferences: z.array(placementPreferenceSchema).optional(),
  /** Tasks of the service on one node, at most; 0 is no limit. */
  maxReplicas: z.int().nonnegative().default(0),
});
export type Placement = z.infer<typeof placementSchema>;

export const taskSpecSchema = z.strictObject({
  containerSpec: containerSpecSchema.prefault({}),
  resources: z
    .strictObject({ limits: amountsSchema.prefault({}), reservations: amountsSchema.prefault({}) })
    .prefault({}),
  restartPolicy: restartPolicySchema.prefault({}),
  placement: placementSchema.prefault({}),
  /** Those that its tasks are on; by id, once the service is admitted. */
  networks: since(2, z.array(networkAttachmentSchema).optional()),
  /** A counter: raising it replaces every task though nothing else changed. */
  forceUpdate: z.int().nonnegative().default(0),
});
export type TaskSpec = z.infer<typeof taskSpecSchema>;

/** The part of it by which a task is run where it was placed. */
export type RunSpec = Omit<TaskSpec, 'restartPolicy' | 'placement' | 'forceUpdate'>;

export const portSchema = z.strictObject({
  name: z.string().optional(),
  protocol: z.enum(['tcp', 'udp', 'sctp']).default('tcp'),
  targetPort: z.int().min(1).max(65535),
  /** 0: the allocator picks one from 30000 to 32767. */
  publishedPort: z.int().min(0).max(65535).default(0),
  publishMode: z.enum(['ingress', 'host']).default('ingress'),
});
export type Port = z.infer<typeof portSchema>;

const pacing = {
  /** Places replaced at the same time; 0 is all of them. */
  parallelism: z.int().nonnegative().default(1),
  delay: durationSchema.default(0),
  order: z.enum(['stop-first', 'start-first']).default('stop-first'),
};
const watching = {
  /** A new task that ends within this time of its start has failed. */
  monitor: since(2, durationSchema.default(5 * SECOND)),
  /** Of the tasks to be replaced: more than this share of failures, and `failureAction` is taken. */
  maxFailureRatio: since(2, z.number().default(0)),
};

export const updateConfigSchema = z.strictObject({
  ...pacing,
  failureAction: since(2, z.enum(['pause', 'continue', 'rollback']).default('pause')),
  ...watching,
});
export type UpdateConfig = z.infer<typeof updateConfigSchema>;

/** A rollback is not rolled back. */
export const rollbackConfigSchema = z.strictObject({
  ...pacing,
  failureAction: since(2, z.enum(['pause', 'continue']).default('pause')),
  ...watching,
});
export type RollbackConfig = z.infer<typeof rollbackConfigSchema>;

/** One of them. It never changes. */
const modeSchema = z.strictObject({
  replicated: z.strictObject({ replicas: z.int().default(1) }).optional(),
  /** A task on every node that may have one. */
  global: since(2, z.strictObject({}).optional()),
});

export const endpointModes = ['vip', 'dnsrr'] as const;
export type EndpointMode = (typeof endpointModes)[number];

export const serviceSpecSchema = z.strictObject({
  name: serviceNameSchema,
  labels: labelsSchema.default({}),
  taskTemplate: taskSpecSchema.prefault({}),
  mode: modeSchema.prefault({ replicated: {} }),
  updateConfig: updateConfigSchema.prefault({}),
  rollbackConfig: since(2, rollbackConfigSchema.prefault({})),
  endpointSpec: z
    .strictObject({
      /** What the service's name leads to: one virtual address, or those of its tasks. `vip` when left out. */
      mode: since(2, z.enum(endpointModes).optional()),
      ports: z.array(portSchema).default([]),
    })
    .prefault({}),
});

/** Complete and normalised. Never changed in place: an update makes another. */
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;

export const serviceModes = ['replicated', 'global'] as const;
export type ServiceMode = (typeof serviceModes)[number];

export function modeOf({ mode }: ServiceSpec): ServiceMode {
  return mode.global === undefined ? 'replicated' : 'global';
}

/** 0 for a service that is not replicated: how many tasks it has is up to the nodes. */
export function countReplicas({ mode }: ServiceSpec): number {
  return mode.replicated?.replicas ?? 0;
}
