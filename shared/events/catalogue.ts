// Every event there is. Adding one here makes it known to decode, to the schemas in docs/ and to the tidy test,
// which then asks for its evolve case.
import type { z } from 'zod';
import {
  clusterCreated,
  clusterUpdated,
  clusterVersionRaised,
  commandsAhead,
  recordsLost,
} from './objects/cluster-events.ts';
import {
  networkAllocated,
  networkAllocationFailed,
  networkCreated,
  networkRemoved,
} from './objects/network-events.ts';
import {
  nodeAllocated,
  nodeAllocationFailed,
  nodeJoined,
  nodeRemoved,
  nodeStatusChanged,
  nodeUpdated,
  tasksAssigned,
  tasksOrphaned,
  tasksReported,
  tasksUndelivered,
} from './objects/node-events.ts';
import {
  serviceAllocated,
  serviceAllocationFailed,
  serviceCreated,
  serviceReconciled,
  serviceRemoved,
  serviceRolledBack,
  serviceUpdated,
  serviceUpdateEnded,
  tasksUnschedulable,
} from './objects/service-events.ts';
import { eventQuarantined, intentRejected, intentSatisfied } from './objects/verdict-events.ts';
import { recordVoided } from './objects/void-events.ts';

export const catalogue = [
  clusterCreated,
  clusterVersionRaised,
  clusterUpdated,
  recordsLost,
  commandsAhead,
  serviceCreated,
  serviceUpdated,
  serviceRolledBack,
  serviceUpdateEnded,
  serviceRemoved,
  serviceReconciled,
  serviceAllocated,
  serviceAllocationFailed,
  tasksUnschedulable,
  networkCreated,
  networkRemoved,
  networkAllocated,
  networkAllocationFailed,
  tasksAssigned,
  nodeAllocated,
  nodeAllocationFailed,
  nodeUpdated,
  nodeRemoved,
  nodeStatusChanged,
  tasksOrphaned,
  tasksUndelivered,
  nodeJoined,
  tasksReported,
  intentRejected,
  intentSatisfied,
  eventQuarantined,
  recordVoided,
] as const;

export type MusterEvent = z.output<(typeof catalogue)[number]['schema']>;
export type EventType = MusterEvent['type'];
export type EventOf<Type extends EventType> = Extract<MusterEvent, { type: Type }>;
/** An event as its writer composes it: what has a default may be left out. */
export type EventInput = z.input<(typeof catalogue)[number]['schema']>;

export const definitionByType: ReadonlyMap<string, (typeof catalogue)[number]> = new Map(
  catalogue.map((definition) => [definition.type, definition]),
);
