// What a check's outcomes say of a task: moby's daemon/health.go with the effects taken out.
import type { Health } from '@muster/backends';
import type { Check } from './checks.ts';

export interface Judgement {
  readonly health: Health;
  /** Failures in a row that count. */
  readonly streak: number;
}

/** `age`: of the task when the check began, in ms. */
export function judgeProbe(before: Judgement, passed: boolean, check: Check, age: number): Judgement {
  if (passed) return { health: 'healthy', streak: 0 };
  if (before.health === 'starting' && age < check.startPeriodMs) return before;
  const streak = before.streak + 1;
  return { health: streak >= check.retries ? 'unhealthy' : before.health, streak };
}

/** Until it is looked at again. */
export function chooseInterval({ health }: Judgement, check: Check, age: number): number {
  return health === 'starting' && age < check.startPeriodMs ? check.startIntervalMs : check.intervalMs;
}
