// What is measured of one copy of a role while it works. `measure-ports.ts` fills it in.
import { createDurations, type Durations } from './durations.ts';

export interface Measures {
  /** From sending a record until the log said that it has it, or not. */
  readonly appends: Durations;
  /** One `decide` of the reducer; nothing else happens in the process meanwhile. */
  readonly decides: Durations;
  /** From the log's time of an event until the store had the command that follows from it. */
  readonly commands: Durations;
  /** From the log's time of an event until a node's kernel went by what follows from it. */
  readonly kernel: Durations;
  /** From a query to its answer. */
  readonly queries: Durations;
  readonly snapshots: SnapshotMeasures;
}

export interface SnapshotMeasures {
  stored: number;
  failed: number;
  /** Of the last one stored. */
  last: { readonly seq: number; readonly bytes: number; readonly durationMs: number } | undefined;
  /** Records that are still to be folded for the rungs that the ladder lacks. */
  pending: number;
}

export function createMeasures(): Measures {
  return {
    appends: createDurations(),
    decides: createDurations(),
    commands: createDurations(),
    kernel: createDurations(),
    queries: createDurations(),
    snapshots: { stored: 0, failed: 0, last: undefined, pending: 0 },
  };
}
