// Whether a service is as it should be, will be, or never will. Pure.
import { type Progress, placeOf, type UpdateStatus } from '@muster/api';

export type Outcome =
  | { readonly kind: 'waiting' }
  /** Nothing more is to be waited for, though not all is as it should be. */
  | { readonly kind: 'over' }
  | { readonly kind: 'converged'; readonly message: string }
  | { readonly kind: 'hopeless'; readonly message: string };

/** The version that an update is to bring about; "any" when it is there already. */
export type Updating = number | 'any' | undefined;

export interface Goal {
  readonly removing?: boolean;
  readonly updating?: Updating;
  /** To have been rolled back is what is wanted, or was so before. */
  readonly goingBack?: boolean;
  /** Why it goes back, as was said when it began to. */
  readonly wentBack?: string | undefined;
}

export function judgeProgress(progress: Progress, goal: Goal = {}): Outcome {
  const { removing = false, updating } = goal;
  const { name, replicas, running, completed, failed, removed, err } = progress;
  // Its tasks are gone only when it is: then there is no progress to ask for.
  if (removing) return { kind: 'waiting' };
  if (removed) return { kind: 'hopeless', message: `service ${name} was removed meanwhile` };
  const ended = progress.updateStatus && judgeStatus(progress, progress.updateStatus, goal);
  if (ended) return ended;
  // More than wanted: a scale down that is still to be acted on.
  if (running + completed + failed !== replicas)
    return progress.updateStatus ? { kind: 'waiting' } : judgeUpdate(progress, updating);
  if (replicas === 0 && progress.slots.length > 0) return { kind: 'waiting' };
  if (failed > 0) {
    const which = failed === replicas ? 'its tasks' : `${failed} of its ${replicas} tasks`;
    return {
      kind: 'hopeless',
      message: `service ${name} will not converge: ${which} failed, and the restart policy asks for no others${err === undefined ? '' : `: ${err}`}`,
    };
  }
  if (completed > 0)
    return { kind: 'converged', message: `Service ${name}: ${completed} of ${replicas} tasks completed` };
  return { kind: 'converged', message: `Service ${name} converged` };
}

/** In Docker's words (cli/command/service/progress), to which that an update was rolled back is none of its failures. */
function judgeStatus(
  progress: Progress,
  { state, message }: UpdateStatus,
  { updating, goingBack = false, wentBack = message }: Goal,
): Outcome | undefined {
  const allRun = progress.running === progress.replicas;
  switch (state) {
    case 'paused':
      return { kind: 'hopeless', message: `service update paused: ${message}` };
    case 'rollback_paused':
      return { kind: 'hopeless', message: `service rollback paused: ${message}` };
    case 'rollback_completed':
      return goingBack ? undefined : { kind: 'hopeless', message: `service rolled back: ${wentBack}` };
    case 'completed':
      return allRun ? undefined : judgeEnd(progress, updating);
    default:
      return allRun ? undefined : { kind: 'waiting' };
  }
}

/** It was to go on whatever failed. Docker's says no more of it. */
function judgeEnd(progress: Progress, updating: Updating): Outcome {
  const failed = judgeUpdate(progress, updating);
  return failed.kind === 'hopeless' ? failed : { kind: 'over' };
}

/** Whether an update, or a rollback, is still to come to its end. */
export function isUpdating({ updateStatus }: Progress): boolean {
  return updateStatus?.state === 'updating' || updateStatus?.state === 'rollback_started';
}

/** At the first wire version nothing is said of an update. As Docker's: with the first task that fails the update has, whatever becomes of the next ones. */
function judgeUpdate({ name, updateFailure }: Progress, updating: Updating): Outcome {
  if (updateFailure === undefined) return { kind: 'waiting' };
  if (updating !== 'any' && updating !== updateFailure.version) return { kind: 'waiting' };
  const { err } = updateFailure;
  const why = err === '' ? 'failed' : err;
  return {
    kind: 'hopeless',
    message: `update of service ${name} failed: ${name}.${placeOf(updateFailure)}: ${why}; it is tried again until the service is updated once more: see \`muster service ps ${name}\``,
  };
}
