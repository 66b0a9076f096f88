// From a task's spec to what is run to see how it is. Pure.
import { type ContainerSpec, nanosToMs } from '@muster/model';

export interface Check {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Until it first succeeds, failures within that time of the start count for nothing. */
  readonly startPeriodMs: number;
  /** Instead of `intervalMs` during that time. */
  readonly startIntervalMs: number;
  readonly retries: number;
}

export interface Checks {
  readonly health?: Check;
  readonly ready?: Check;
}

/** Docker's, where neither service nor image say (moby's daemon/health.go). */
const HEALTH = { intervalMs: 30_000, timeoutMs: 30_000, startIntervalMs: 5_000, retries: 3 };
/** A task that was never ready is asked so often: others may have to stay until it is. */
const UNREADY_INTERVAL_MS = 1_000;

/** Undefined where there is nothing to be run that the spec knows of. */
export function describeChecks({ healthcheck, readiness }: ContainerSpec): Checks | undefined {
  const healthCommand = nameCommand(healthcheck?.test);
  const readyCommand = nameCommand(readiness?.test);
  if (!healthCommand && !readyCommand) return undefined;
  return {
    ...(healthCommand && {
      health: {
        command: healthCommand,
        intervalMs: nanosToMs(healthcheck!.interval) || HEALTH.intervalMs,
        timeoutMs: nanosToMs(healthcheck!.timeout) || HEALTH.timeoutMs,
        startPeriodMs: nanosToMs(healthcheck!.startPeriod),
        startIntervalMs: nanosToMs(healthcheck!.startInterval) || HEALTH.startIntervalMs,
        retries: healthcheck!.retries || HEALTH.retries,
      },
    }),
    ...(readyCommand && { ready: describeReady(readyCommand, readiness!) }),
  };
}

function describeReady(
  command: readonly string[],
  readiness: NonNullable<ContainerSpec['readiness']>,
): Check {
  const intervalMs = nanosToMs(readiness.interval) || 1;
  return {
    command,
    intervalMs,
    timeoutMs: nanosToMs(readiness.timeout) || intervalMs,
    startPeriodMs: Number.POSITIVE_INFINITY,
    startIntervalMs: Math.min(intervalMs, UNREADY_INTERVAL_MS),
    retries: readiness.retries || 1,
  };
}

function nameCommand([kind, ...command]: readonly string[] = []): readonly string[] | undefined {
  if (kind === 'CMD') return command;
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...command] : undefined;
}
