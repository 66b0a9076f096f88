// What the API says of services, tasks, nodes and networks. The zod schemas are shared by those who answer and those who ask.

import { networkAddressSchema, subnetSchema } from '@muster/events';
import {
  INITIAL_NODE_SPEC,
  networkSpecSchema,
  nodeAvailabilities,
  nodeDescriptionSchema,
  nodeRoles,
  nodeSpecSchema,
  nodeStatuses,
  portSchema,
  resourcesSchema,
  serviceSpecSchema,
  taskSpecSchema,
  taskStateNames,
} from '@muster/model';
import { z } from 'zod';

/** Ms since the epoch, by the log's clock. */
const time = z.number();
const labels = z.record(z.string(), z.string());
const taskState = z.enum(taskStateNames);
/** Left out for the default team. */
const team = z.string().optional();
/** What stands for it in a task's name; left out where that is the slot. */
const place = z.string().optional();

export const serviceViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  team,
  /** One of the model's, or of a younger one. */
  mode: z.string(),
  /** Wanted. */
  replicas: z.int(),
  running: z.int(),
  /** On one node, at most; 0 is no limit. */
  maxReplicasPerNode: z.int(),
  image: z.string(),
  labels,
  /** As allocated; as asked for until then. */
  ports: z.array(portSchema),
  createdAt: time,
  updatedAt: time,
});
export type ServiceView = z.infer<typeof serviceViewSchema>;

/** What its last update, or rollback, has come to; left out where the present spec had nothing to replace. */
export const updateStatusSchema = z.object({
  /** SwarmKit's: updating, paused, completed, rollback_started, rollback_paused, rollback_completed. */
  state: z.string(),
  message: z.string().default(''),
  startedAt: time,
  completedAt: time.optional(),
});
export type UpdateStatus = z.infer<typeof updateStatusSchema>;

/** A network that is named by its id elsewhere; one that every node has is called as it is. */
const networkNameSchema = z.object({ id: z.string(), name: z.string() });

export const serviceDetailSchema = serviceViewSchema.extend({
  /** What an update must name: the log sequence of the event that set the spec. */
  version: z.int(),
  createdSeq: z.int(),
  spec: serviceSpecSchema,
  /** What a rollback goes back to. */
  previousSpec: serviceSpecSchema.optional(),
  updateStatus: updateStatusSchema.optional(),
  /** Those of its spec. */
  networks: z.array(networkNameSchema).default([]),
  /** Its virtual addresses, once they are allocated. */
  virtualAddresses: z.array(networkAddressSchema).default([]),
  /** It is going, with its tasks. */
  removed: z.boolean(),
  unschedulable: z.string().optional(),
});
export type ServiceDetail = z.infer<typeof serviceDetailSchema>;

export const taskViewSchema = z.object({
  id: z.string(),
  /** `service.slot.taskid`, or `service.nodeid.taskid` */
  name: z.string(),
  serviceId: z.string(),
  serviceName: z.string(),
  team,
  /** 0 in a global service. */
  slot: z.int(),
  place,
  generation: z.int(),
  image: z.string(),
  nodeId: z.string().optional(),
  hostname: z.string().optional(),
  desired: taskState,
  state: taskState,
  /** When `state` was reached. */
  stateAt: time,
  message: z.string(),
  err: z.string(),
  exitCode: z.int().optional(),
  /** The task whose place it took. */
  replaces: z.string().optional(),
  ports: z.array(portSchema),
  createdAt: time,
});
export type TaskView = z.infer<typeof taskViewSchema>;

export const taskDetailSchema = taskViewSchema.extend({
  spec: taskSpecSchema,
  labels,
  specVersion: z.int(),
  /** Sequence of the last event about it. */
  version: z.int(),
  runId: z.string().optional(),
  /** Where it is on each of its networks, once that is decided. */
  networks: z.array(networkNameSchema.extend({ addresses: z.array(z.string()) })).default([]),
});
export type TaskDetail = z.infer<typeof taskDetailSchema>;

export const nodeViewSchema = z.object({
  id: z.string(),
  hostname: z.string(),
  status: z.enum(nodeStatuses),
  statusMessage: z.string(),
  availability: z.enum(nodeAvailabilities),
  role: z.enum(nodeRoles).default('worker'),
  backend: z.string(),
  engineVersion: z.string(),
  /** What constraints see: the operator's, and those of the agent that they don't name. */
  labels,
  resources: resourcesSchema,
  reserved: resourcesSchema,
  /** Tasks that are to run there. */
  activeTasks: z.int(),
});
export type NodeView = z.infer<typeof nodeViewSchema>;

export const nodeDetailSchema = nodeViewSchema.extend({
  /** What an update may name: the log sequence of the event that set the spec. */
  version: z.int().default(0),
  spec: nodeSpecSchema.default(INITIAL_NODE_SPEC),
  description: nodeDescriptionSchema,
  /** The newest wire version that its agent reads. */
  reads: z.int(),
  joinedAt: time,
  statusAt: time,
  /** When its agent last wrote to the log. */
  reportedAt: time,
});
export type NodeDetail = z.infer<typeof nodeDetailSchema>;

export const networkViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  team,
  driver: z.string(),
  internal: z.boolean(),
  attachable: z.boolean(),
  ingress: z.boolean(),
  ipv6: z.boolean(),
  labels,
  /** None until they are allocated. */
  subnets: z.array(subnetSchema),
  /** How many are on it. */
  services: z.int(),
  createdAt: time,
});
export type NetworkView = z.infer<typeof networkViewSchema>;

export const networkDetailSchema = networkViewSchema.extend({
  /** The log sequence of the event that made it. */
  version: z.int(),
  spec: networkSpecSchema,
  /** The cluster's own for it; left out until it is allocated. */
  number: z.int().optional(),
  /** It is going: tasks that end still hold addresses of it. */
  removed: z.boolean().default(false),
  /** Why it has no subnet. */
  failure: z.string().optional(),
  /** Parts of its subnets that nodes give their tasks addresses of. */
  blocks: z.array(
    z.object({ block: z.string(), nodeId: z.string(), hostname: z.string().optional(), tasks: z.int() }),
  ),
  /** Who is on it, with virtual addresses where there are any, and aliases. */
  members: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      addresses: z.array(z.string()),
      aliases: z.array(z.string()),
      tasks: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          addresses: z.array(z.string()),
          nodeId: z.string(),
          hostname: z.string(),
        }),
      ),
    }),
  ),
  /** How many more of its tasks there are than are listed. */
  omittedTasks: z.int().default(0),
});
export type NetworkDetail = z.infer<typeof networkDetailSchema>;

/** How far a service is from what its spec says, for whoever waits. */
export const progressSchema = z.object({
  id: z.string(),
  name: z.string(),
  removed: z.boolean(),
  /** Slots that should run; of a global service those of nodes that may have a task. */
  replicas: z.int(),
  /** Slots that run, and run the current spec. */
  running: z.int(),
  /** Slots whose last task ended and will not be replaced, by how it ended. */
  completed: z.int(),
  failed: z.int(),
  /** Tasks that are not wanted any more and still run. */
  stopping: z.int(),
  unschedulable: z.string().optional(),
  /** The lowest slots, for display. */
  slots: z.array(
    z.object({ slot: z.int(), place, state: taskState, err: z.string(), hostname: z.string().optional() }),
  ),
  /** The commonest error among slots that do not run. */
  err: z.string().optional(),
  /** A task that the update to this version made, and that failed; the first by slot. */
  updateFailure: z.object({ version: z.int(), slot: z.int(), place, err: z.string() }).optional(),
  updateStatus: updateStatusSchema.optional(),
});
export type Progress = z.infer<typeof progressSchema>;

export const statusSchema = z.object({
  /** The last sequence folded, and its time. */
  head: z.int(),
  headTime: time,
  /** Whose log it is; left out where the log is older than such records. */
  cluster: z.object({ id: z.string(), name: z.string() }).optional(),
  /** The wire version that all copies read. */
  wireVersion: z.int(),
  /** What the agents of nodes that are not down read: how many nodes, and some of them by name. The oldest first. */
  nodesReading: z
    .array(z.object({ version: z.int(), nodes: z.int(), hostnames: z.array(z.string()) }))
    .default([]),
  services: z.int(),
  tasks: z.partialRecord(taskState, z.int()),
  nodes: z.partialRecord(z.enum(nodeStatuses), z.int()),
  /** Nodes that get no more tasks, as somebody wanted it. */
  unavailable: z.object({ pause: z.int(), drain: z.int() }).default({ pause: 0, drain: 0 }),
  /** Intents without a verdict, and the oldest one's sequence and time. */
  openIntents: z.int(),
  oldestIntent: z.object({ seq: z.int(), time }).optional(),
  /** Invalid records that nobody has quarantined yet. */
  openPoison: z.int(),
  /** A service outside the default team with its team: "payments/web". */
  unschedulable: z.array(z.object({ service: z.string(), message: z.string() })),
  conflicts: z.int(),
  /** What the log has lost, as far as it was noticed, the last of it last; `omitted` intents were not named. */
  losses: z.array(
    z.object({
      time,
      after: z.int(),
      to: z.int(),
      intents: z.array(z.object({ seq: z.int(), subject: z.string() })),
      omitted: z.int(),
    }),
  ),
  /** Why nothing is decided, as far as the API's copy understands the log, and the record it has halted on. */
  halted: z.string().optional(),
  haltedOn: z.object({ seq: z.int(), subject: z.string(), type: z.string() }).optional(),
  /** Records that were left out, as somebody had declared them void. */
  voided: z.int().default(0),
  foldVersion: z.int(),
});
export type Status = z.infer<typeof statusSchema>;

/** One link of the chain from intent to container. */
export const auditEntrySchema = z.object({
  seq: z.int(),
  time,
  kind: z
    .string()
    .default('')
    .describe(
      'What it is, for programs: the type of an event, `intent.<kind>.<verb>`, `poison` or `unknown`.',
    ),
  id: z
    .string()
    .optional()
    .describe('Of what an event is about: a service, a node; the sequence of an intent.'),
  field: z.string().optional().describe('Of a rejection: the path of what is wrong.'),
  /** An actor, a reducer, or a node. */
  who: z.string(),
  what: z.string(),
  why: z.string().optional(),
  /** The sequence of what it answers. */
  cause: z.int().optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** What stands for the place in the name of a task. */
export function placeOf({
  slot,
  place,
}: {
  readonly slot: number;
  readonly place?: string | undefined;
}): string {
  return place ?? String(slot);
}
