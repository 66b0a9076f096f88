// Whether a service is as it should be, will be, or never will. Pure.
import type { Progress } from '@muster/api';

export type Outcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'converged'; readonly message: string }
  | { readonly kind: 'hopeless'; readonly message: string };

export function judgeProgress(progress: Progress, removing: boolean): Outcome {
  const { name, replicas, running, completed, failed, removed, err } = progress;
  // Its tasks are gone only when it is: then there is no progress to ask for.
  if (removing) return { kind: 'waiting' };
  if (removed) return { kind: 'hopeless', message: `service ${name} was removed meanwhile` };
  // More than wanted: a scale down that is still to be acted on.
  if (running + completed + failed !== replicas) return { kind: 'waiting' };
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
