// Whether a service is as it should be, will be, or never will. Pure.
import { type Progress, placeOf } from '@muster/api';

export type Outcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'converged'; readonly message: string }
  | { readonly kind: 'hopeless'; readonly message: string };

/** The version that an update is to bring about; "any" when it is there already. */
export type Updating = number | 'any' | undefined;

export function judgeProgress(progress: Progress, removing: boolean, updating?: Updating): Outcome {
  const { name, replicas, running, completed, failed, removed, err } = progress;
  // Its tasks are gone only when it is: then there is no progress to ask for.
  if (removing) return { kind: 'waiting' };
  if (removed) return { kind: 'hopeless', message: `service ${name} was removed meanwhile` };
  // More than wanted: a scale down that is still to be acted on.
  if (running + completed + failed !== replicas) return judgeUpdate(progress, updating);
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

/** As Docker's: with the first task that fails the update has, whatever becomes of the next ones. */
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
