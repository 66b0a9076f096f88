// What is decided about a node, and what its agent reports.
import { agentStates, nodeStatuses, since } from '@muster/model';
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';
import { nodeDescriptionForm, nodeSpecForm } from '../reading/forms.ts';
import { networkAddressSchema } from '../subjects/address.ts';

const nodeId = z.string();
const taskId = z.string();

/** Of an agent's description of its node, labels and all. */
export const MAX_NODE_BYTES = 128 * 1024;

export const nodeJoined = defineEvent({
  type: 'node.joined',
  writer: 'agent',
  kind: 'node',
  description: 'An agent started, or found its node changed, and describes it.',
  maxBytes: MAX_NODE_BYTES,
  facts: {
    nodeId,
    /** Drawn at each start of an agent: two of them in turn mean two agents with one identity. */
    session: z.string(),
    description: nodeDescriptionForm.schema,
    /** The newest wire version that the agent reads; 1 when left out. */
    reads: z.int().positive().optional(),
  },
  forms: { description: nodeDescriptionForm },
});

export const nodeUpdated = defineEvent({
  type: 'node.updated',
  from: 2,
  writer: 'orchestrator',
  kind: 'node',
  description: 'An operator wants something else of a node. `cause` is the intent.',
  facts: { nodeId, actor: z.string(), spec: nodeSpecForm.schema },
  forms: { spec: nodeSpecForm },
});

export const nodeRemoved = defineEvent({
  type: 'node.removed',
  from: 2,
  writer: 'orchestrator',
  kind: 'node',
  description:
    'A node is no part of the cluster any more: the tasks that it had are taken for lost. `cause` is the intent.',
  facts: { nodeId, actor: z.string() },
});

export const taskStatusSchema = z.object({
  id: taskId,
  state: z.enum(agentStates),
  /** The agent's clock, ms since the epoch, when it differs from the event's (a report that had to wait). */
  at: z.number().optional(),
  message: z.string().optional(),
  /** Why it failed or was rejected. */
  err: z.string().optional(),
  exitCode: z.int().optional(),
  /** The backend's own id: container id, pid. */
  runId: z.string().optional(),
  /** False of one that runs and is to be sent nothing for now; `err` says why. */
  ready: since(2, z.boolean().optional()),
});
export type TaskStatus = z.infer<typeof taskStatusSchema>;

export const tasksReported = defineEvent({
  type: 'tasks.reported',
  writer: 'agent',
  kind: 'node',
  description: 'What happened to the tasks of a node since its last report.',
  facts: {
    nodeId,
    session: z.string(),
    statuses: z.array(taskStatusSchema).default([]),
    /** Tasks of which the node has no trace any more. */
    gone: z.array(taskId).default([]),
  },
  upcasters: { 2: (old) => old },
});

export const tasksAssigned = defineEvent({
  type: 'tasks.assigned',
  writer: 'scheduler',
  kind: 'node',
  description: 'All tasks given to one node in one round, and why this node.',
  facts: {
    nodeId,
    tasks: z.array(taskId),
    why: z.array(
      z.object({
        serviceId: z.string(),
        /** Nodes there were to choose from. */
        considered: z.int(),
        /**
         * How many of them each filter refused: of all nodes those that aren't ready, of the ready ones those that the
         * constraints exclude, and of the others those that were asked about, which have the fewest tasks.
         */
        refused: z.array(z.object({ filter: z.string(), nodes: z.int() })),
        /**
         * Tasks this node had before: of the service, and in all. Fewest of the one, then of the other, wins; among the
         * nodes of a branch, where the service is spread over the values of a label.
         */
        serviceTasks: z.int(),
        totalTasks: z.int(),
      }),
    ),
  },
});

export const nodeStatusChanged = defineEvent({
  type: 'node.status_changed',
  writer: 'dispatcher',
  kind: 'node',
  description: 'A node is heard of (ready), missed, or able to do nothing (suspect) or given up (down).',
  facts: { nodeId, status: z.enum(nodeStatuses), message: z.string() },
});

export const tasksOrphaned = defineEvent({
  type: 'tasks.orphaned',
  writer: 'dispatcher',
  kind: 'node',
  description: 'Tasks of a node that has been down for so long that they are taken for lost.',
  facts: { nodeId, tasks: z.array(taskId) },
});

export const tasksUndelivered = defineEvent({
  type: 'tasks.undelivered',
  writer: 'dispatcher',
  kind: 'node',
  description:
    'Tasks that their node can not be told of, and why: it is tried again and again. Written again only when the reason changes.',
  facts: { nodeId, tasks: z.array(taskId), reason: z.string() },
});

export const nodeAllocated = defineEvent({
  type: 'node.allocated',
  from: 2,
  writer: 'allocator',
  kind: 'node',
  description:
    "Tasks of a node have their addresses, out of blocks of their networks that are the node's; these are taken here where they were not yet. Or a node that can be on networks has its number.",
  facts: {
    nodeId,
    /** Small, and no other node of the cluster has it: what the data path calls the node by. Given once. */
    number: z.int().positive().optional(),
    blocks: z.array(
      z.object({
        networkId: z.string(),
        /** "10.0.3.64/26" */
        block: z.string(),
      }),
    ),
    tasks: z.array(z.object({ id: taskId, addresses: z.array(networkAddressSchema) })),
  },
});

export const nodeAllocationFailed = defineEvent({
  type: 'node.allocation_failed',
  from: 2,
  writer: 'allocator',
  kind: 'node',
  description:
    'Tasks of a node can have no addresses, and why: they wait. Written again only when the reason changes.',
  facts: { nodeId, tasks: z.array(taskId), message: z.string() },
});
