// What becomes of an update, or of a rollback, of which there is one state for each service: SwarmKit's updater
// (manager/orchestrator/update/updater.go), whose memory is the log. Pure.
import { nanosToMs, type RollbackConfig, type UpdateConfig } from '@muster/model';
import {
  isRollback,
  isUnderWay,
  lastWatchOf,
  pacingOf,
  type Service,
  type ServiceUpdate,
} from '@muster/state';

export type Judgement =
  /** `wakeAt`: it may be done then, though nothing happens until then. */
  | { readonly verdict: 'go on'; readonly wakeAt?: number }
  | { readonly verdict: 'pause' | 'roll back' | 'done' };

const goOn: Judgement = { verdict: 'go on' };

export function judgeUpdate(service: Service, now: number): Judgement {
  const { update, removed } = service;
  if (!update || removed || !isUnderWay(service)) return goOn;
  const pacing = pacingOf(service);
  if (hasFailed(update, pacing)) {
    if (pacing.failureAction === 'pause') return { verdict: 'pause' };
    if (pacing.failureAction === 'rollback') {
      const isPossible = !isRollback(service) && service.previousSpec !== undefined;
      return { verdict: isPossible ? 'roll back' : 'pause' };
    }
  }
  if (update.total === 0) return { verdict: 'done' };
  if (service.outdated.size > 0 || service.settling.size > 0) return goOn;
  const doneAt = update.settledAt + watchedForMs(pacing);
  return doneAt <= now ? { verdict: 'done' } : { verdict: 'go on', wakeAt: doneAt };
}

/** Of single precision, as SwarmKit's: a third is no more than the share that is written 0.33333333. */
function hasFailed(
  { failed, total }: ServiceUpdate,
  { maxFailureRatio }: UpdateConfig | RollbackConfig,
): boolean {
  return failed > 0 && Math.fround(failed / total) > Math.fround(maxFailureRatio);
}

/** After the last task came to run: the delay has its turn there as well, and then all are watched for longer than that. */
function watchedForMs(pacing: UpdateConfig | RollbackConfig): number {
  return nanosToMs(pacing.delay + lastWatchOf(pacing));
}
