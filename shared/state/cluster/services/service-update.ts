// An update of a service as a thing: what it has come to, and what has become of the tasks that it made.
import type { RollbackConfig, UpdateConfig } from '@muster/model';
import type { Service } from '../readonly.ts';

/** SwarmKit's (api/types.proto, UpdateStatus). */
export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed';

export interface ServiceUpdate {
  readonly state: UpdateState;
  readonly message: string;
  /** ms since the epoch, by the log's clock. */
  readonly startedAt: number;
  readonly completedAt?: number | undefined;
  /** Places that it found to be brought up to the new spec. */
  readonly total: number;
  /** Tasks made by it that ended before they ran, or within its monitor time. */
  readonly failed: number;
  /** The last of them, and the sequence that told of it. */
  readonly failedTask?: { readonly id: string; readonly seq: number } | undefined;
  /** When the last of its tasks came to run, or ended before, and the sequence that told of it: its own until then. */
  readonly settledAt: number;
  readonly settledSeq: number;
  /** When the last of them did, oldest first: no more than it replaces at once, which is all that its delay can ask for. */
  readonly settled: readonly number[];
}

export function isUnderWay({ update }: Pick<Service, 'update'>): boolean {
  return update?.state === 'updating' || update?.state === 'rollback_started';
}

export function isRollback({ update }: Pick<Service, 'update'>): boolean {
  return update?.state.startsWith('rollback_') === true;
}

/** How the service is brought up to its spec: a rollback has its own pace. */
export function pacingOf(service: Pick<Service, 'spec' | 'update'>): UpdateConfig | RollbackConfig {
  return isRollback(service) ? service.spec.rollbackConfig : service.spec.updateConfig;
}

/** It replaces nothing until the service is updated again. */
export function isPaused({ update }: Pick<Service, 'update'>): boolean {
  return update?.state === 'paused' || update?.state === 'rollback_paused';
}

const SECOND = 1e9;

/** For how long the last of its tasks are watched, in nanoseconds: longer than the delay (SwarmKit: updater.go). */
export function lastWatchOf({ delay, monitor }: UpdateConfig | RollbackConfig): number {
  return delay >= monitor ? delay + SECOND : monitor;
}
