// The orchestrator: admits intents, and keeps every service as its spec says. It never touches a node.
import { WIRE_VERSION } from '@muster/events';
import {
  attend,
  type Decision,
  earliest,
  type HeardOf,
  type Lost,
  lookAfter,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import type { ClusterState } from '@muster/state';
import { admitIntents } from './admission/intents.ts';
import { recordLost } from './lost-records.ts';
import { quarantineRecords } from './quarantine.ts';
import { type Obstacles, raiseVersion } from './raise-version.ts';
import { reconcileServices } from './services.ts';

export interface OrchestratorOptions {
  /** Which names are ours; all of them by default. */
  readonly share?: Share;
  /** What the log has lost of what this process had read, if anything. */
  readonly lost?: Lost | undefined;
  readonly maxRecordBytes?: RecordLimit;
  /** The newest wire version to which the cluster may be raised: what this build reads. */
  readonly reads?: number;
}

export interface Orchestrator extends Reducer {
  /** A copy of some role says that it is there, and what it reads. */
  hear(heard: HeardOf, now: number): void;
  /** What keeps the cluster's version below what this build reads; undefined when it isn't. */
  obstacles(state: ClusterState, now: number): Obstacles | undefined;
}

export function createOrchestrator(options: OrchestratorOptions = {}): Orchestrator {
  const { share, lost, maxRecordBytes = usualRecordLimit, reads = WIRE_VERSION } = options;
  const self = { name: 'orchestrator', share } as const;
  const intents = lookAfter(self, admitIntents(maxRecordBytes));
  const services = lookAfter(self, reconcileServices(maxRecordBytes));
  const poison = lookAfter(self, quarantineRecords(maxRecordBytes));
  // Intents know the key of a service that is about to be there.
  const { startRound, conclude, ...reducer } = attend(self, [intents, services, poison]);
  const version = raiseVersion(reads);
  /** Services with a verdict in the last round. In this one it is their tasks' turn: neither starves the other. */
  let admitted: readonly string[] = [];

  return {
    ...reducer,
    decide(state, now) {
      const round = startRound(state, now);
      // Intents and tasks both want the next place on the service's subject, and only one of them has it in a round.
      const reconciled = services.decide(round, admitted);
      const verdicts = intents.decide(round);
      admitted = verdicts.map(serviceOf);
      reconciled.push(...services.decide(round));
      return conclude([
        ...version.decide(state, now),
        ...recordLost(state, lost, maxRecordBytes()),
        ...poison.decide(round),
        ...reconciled,
        ...verdicts,
      ]);
    },
    nextWake: () => earliest([reducer.nextWake(), version.nextWake()]),
    hear: version.hear,
    obstacles: version.obstacles,
  };
}

function serviceOf({ event }: Decision): string {
  return 'serviceId' in event ? event.serviceId : '';
}
