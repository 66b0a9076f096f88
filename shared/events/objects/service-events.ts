// What the orchestrator and the allocator decide about a service and its tasks.
import { desiredStates, portSchema, since, storedForm } from '@muster/model';
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';
import { firstServiceSpecSchema, serviceSpecForm } from '../reading/forms.ts';
import { networkAddressSchema } from '../subjects/address.ts';

const serviceId = z.string();
const taskId = z.string();

const creation = {
  serviceId,
  actor: z.string(),
  team: z.string().optional().meta({ description: "Whose it is; the default team's when left out." }),
};

export const serviceCreated = defineEvent({
  type: 'service.created',
  writer: 'orchestrator',
  kind: 'service',
  description: 'An intent to create a service was accepted. `cause` is the intent.',
  facts: { ...creation, spec: serviceSpecForm.schema },
  forms: { spec: serviceSpecForm },
  before: { 2: { ...creation, spec: firstServiceSpecSchema } },
});

export const serviceUpdated = defineEvent({
  type: 'service.updated',
  writer: 'orchestrator',
  kind: 'service',
  description: 'A service has a new spec: its version is the sequence of this event. `cause` is the intent.',
  facts: { serviceId, actor: z.string(), spec: serviceSpecForm.schema },
  forms: { spec: serviceSpecForm },
  before: { 2: { serviceId, actor: z.string(), spec: firstServiceSpecSchema } },
});

export const serviceRolledBack = defineEvent({
  type: 'service.rolled_back',
  from: 2,
  writer: 'orchestrator',
  kind: 'service',
  description:
    'A service goes back to the spec before the present one: its version is the sequence of this event. `cause` is the intent, or the report of the task whose failure did it.',
  facts: {
    serviceId,
    /** Who asked for it; left out where a failed update did. */
    actor: z.string().optional(),
    message: z.string(),
  },
});

/** SwarmKit's words (api/types.proto, UpdateStatus), of those that an event is needed for. */
export const updateEndings = ['paused', 'completed', 'rollback_paused', 'rollback_completed'] as const;

export const serviceUpdateEnded = defineEvent({
  type: 'service.update_ended',
  from: 2,
  writer: 'orchestrator',
  kind: 'service',
  description:
    'An update, or a rollback, is done or goes no further until somebody updates the service again; and why.',
  facts: {
    serviceId,
    /** The spec that it brings. */
    specVersion: z.int(),
    state: z.enum(updateEndings),
    message: z.string(),
  },
});

export const serviceRemoved = defineEvent({
  type: 'service.removed',
  writer: 'orchestrator',
  kind: 'service',
  description: 'A service is to go, with all its tasks. Its name is free at once. `cause` is the intent.',
  facts: { serviceId, actor: z.string() },
});

/** Far above any number of replicas: what keeps slots takes memory up to the highest. */
const MAX_SLOT = 10_000_000;

export const createdTaskSchema = z.object({
  id: taskId,
  slot: z.int().positive().max(MAX_SLOT),
  /** How many tasks the slot has had, this one included. */
  generation: z.int().positive().default(1),
  /** `ready` waits, prepared, until a later decision makes it `running`. */
  desired: z.enum(['ready', 'running']).default('running'),
  /** Not to be made running before this time: ms since the epoch, by the log's clock. */
  startAt: z.number().optional(),
  /** The task whose place it takes. */
  replaces: taskId.optional(),
  /** Whether the restart policy or an update asked for the replacement. */
  cause: z.enum(['restart', 'update']).optional(),
  /** The node that the slot belongs to, and no other may run its tasks: of a global service. */
  node: since(2, z.string().optional()),
});
export type CreatedTask = z.infer<typeof createdTaskSchema>;

export const serviceReconciled = defineEvent({
  type: 'service.reconciled',
  writer: 'orchestrator',
  kind: 'service',
  description:
    'One decision about the tasks of a service: created, given another desired state, or forgotten.',
  facts: {
    serviceId,
    /** The spec that the created tasks run. */
    specVersion: z.int(),
    created: z.array(createdTaskSchema).default([]),
    desired: z.array(z.object({ id: taskId, state: z.enum(desiredStates) })).default([]),
    /** Dead tasks that leave the state; the log keeps their story. */
    reaped: z.array(taskId).default([]),
    /** For people: one sentence for each part of the decision. */
    why: z.array(z.string()),
  },
  upcasters: { 2: (old) => old },
});

export const serviceAllocated = defineEvent({
  type: 'service.allocated',
  writer: 'allocator',
  kind: 'service',
  description: 'A spec version has the cluster-wide resources it asked for; its tasks become PENDING.',
  facts: {
    serviceId,
    specVersion: z.int(),
    ports: z.array(storedForm(portSchema)),
    /** Its virtual ones, on each of its networks; none where it asks for none. */
    addresses: since(2, z.array(networkAddressSchema).optional()),
  },
  upcasters: { 2: (old) => old },
});

export const serviceAllocationFailed = defineEvent({
  type: 'service.allocation_failed',
  writer: 'allocator',
  kind: 'service',
  description:
    'A spec version asks for what is not to be had; its tasks stay NEW. Written again only when the reason changes.',
  facts: { serviceId, specVersion: z.int(), message: z.string() },
});

export const tasksUnschedulable = defineEvent({
  type: 'tasks.unschedulable',
  writer: 'scheduler',
  kind: 'service',
  description:
    'No node suits the pending tasks of a spec version, and why. Written again only when the reason changes.',
  facts: {
    serviceId,
    specVersion: z.int(),
    /** SwarmKit's words: "no suitable node (insufficient resources on 2 nodes)". */
    message: z.string(),
    refused: z.array(z.object({ filter: z.string(), nodes: z.int() })),
  },
});
