// What a mode is: which places a service of it is to have. A place is a slot, whatever it stands for: a number of a
// replicated service, a node of a global one. All else (restarts, updates, history) is the same for all modes.
import type { Service, Task } from '@muster/state';
import type { Plan } from '../plan.ts';

export interface Mode {
  /** Whether it has places too many or too few. Asked at every step of every task. */
  isOff(service: Service): boolean;
  /** Gives up the places that are not to be. */
  removeSurplus(plan: Plan): void;
  /** Creates a task in each place that is still to be. */
  addMissing(plan: Plan): void;
  /** Why the place gets no other task after this one, which has ended or must stop; undefined when it gets one. */
  whyNoOther(task: Task): string | undefined;
}
