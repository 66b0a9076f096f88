// What is known of how a task that is checked is: whether it is healthy, and whether it is to be sent anything. Pure.
import type { Health } from '@muster/backends';
import type { RunSpec } from '@muster/model';
import { type Checks, describeChecks } from './checks.ts';

export interface Condition {
  /** Those of its spec; undefined where only the backend knows of any, as one of its image. */
  readonly checks?: Checks | undefined;
  /** Undefined when nobody looks after it. */
  readonly health?: Health | undefined;
  /** The backend looks after its health, and tells of it. */
  readonly isTold?: boolean | undefined;
  /** `unhealthy`: it is to be sent nothing. */
  readonly readiness?: Health | undefined;
  /** What the last check that failed had to say. */
  readonly words?: string | undefined;
}

/** A task's condition once it is known what it is checked for. One that ran already was well, unless the log says otherwise. */
export function addChecks(
  known: Condition | undefined,
  spec: RunSpec,
  isRunning: boolean,
): Condition | undefined {
  if (known?.checks) return known;
  const checks = describeChecks(spec.containerSpec);
  if (checks === undefined) return known;
  const before = isRunning ? 'healthy' : 'starting';
  return {
    ...known,
    checks,
    ...(checks.health && { health: known?.health ?? before }),
    ...(checks.ready && { readiness: known?.readiness ?? before }),
  };
}

/** Why a task that runs is to be sent nothing; undefined when it is to be sent what there is. */
export function explainUnready(condition: Condition | undefined): string | undefined {
  if (condition === undefined) return undefined;
  const { health, readiness = 'healthy', words } = condition;
  const details = words === undefined ? '' : `: ${words}`;
  if (health === 'unhealthy') return `unhealthy${details}`;
  return readiness === 'healthy' ? undefined : `not ready${details}`;
}

const NOT_READY = /^not ready(?:: (.*))?$/s;

/** Of a task that an earlier run of the agent has told of so. */
export function recallUnready(err: string | undefined): Condition {
  const words = NOT_READY.exec(err ?? '')?.[1];
  return { readiness: 'unhealthy', ...(words !== undefined && { words }) };
}
