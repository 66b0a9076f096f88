// Waits until a service is as its spec says: looks again whenever something about it is in the log. Every task that
// goes wrong is shown on the way; what can't become right any more ends the wait.
import type { Progress } from '@muster/api';
import type { Context } from '../commands/context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { permissionOf } from '../permissions.ts';
import { interruptible } from './interruptible.ts';
import { isUpdating, judgeProgress, type Outcome, type Updating } from './judge.ts';
import { openProgressView } from './progress-view.ts';
import { waitUntilWoken } from './verdict.ts';
import { watchWhom } from './whom.ts';

export interface ConvergeOptions {
  /** Name or ID. */
  readonly service: string;
  readonly name: string;
  readonly removing: boolean;
  /** Failing tasks of the version that it brings about end the wait. */
  readonly updating: Updating;
  /** That it goes back to its spec before is no failure. */
  readonly goingBack: boolean;
  /** An update is waited for until it is said to be done, however stable its tasks are. */
  readonly untilUpdated: boolean;
  /** What was asked for is in the state from here on. */
  readonly fromSeq: number;
  readonly stableForMs: number;
  readonly timeoutMs: number | undefined;
  readonly quiet: boolean;
}

/** Not more often than this, however busy the log is. */
const LOOK_EVERY_MS = 100;
/** Looks again even when nothing seems to happen. */
const LOOK_AGAIN_MS = 2_000;
/** Who has a part in it. */
const ROLES = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
const ROLES_OF_REMOVAL = ['orchestrator', 'dispatcher'] as const;
/** How long the API may be away. */
const API_PATIENCE_MS = 15_000;

export function converge(context: Context, options: ConvergeOptions): Promise<void> {
  return interruptible(
    `Operation continuing in background.\nUse \`muster service ps ${options.name}\` to check progress.`,
    () => followProgress(context, options),
  );
}

async function followProgress(context: Context, options: ConvergeOptions): Promise<void> {
  const { log, terminal } = context;
  const { removing, stableForMs, timeoutMs, quiet, name, untilUpdated } = options;
  const view = openProgressView(terminal, quiet);
  const startedAt = performance.now();
  let seen = options.fromSeq;
  let news = false;
  let wake: () => void = () => undefined;
  // The look every now and then is enough, where an error ends it or the log may not be followed.
  const following = await log
    .follow({
      from: options.fromSeq + 1,
      subjects: ['muster.event.*.service.*', 'muster.event.*.node.*'],
      onRecord({ seq }) {
        seen = seq;
        news = true;
        wake();
      },
      onError: () => undefined,
    })
    .catch((error: unknown) => {
      if (permissionOf(error)) return undefined;
      throw error;
    });
  const whom = watchWhom(context, removing ? ROLES_OF_REMOVAL : ROLES);
  let stableSince: number | undefined;
  let apiSeenAt = startedAt;
  let wentBack: string | undefined;
  try {
    for (;;) {
      const lookedAt = performance.now();
      news = false;
      const progress = await look(context, options, seen, lookedAt - apiSeenAt);
      if (progress === 'gone') return;
      if (progress !== 'unknown') {
        apiSeenAt = performance.now();
        const { updateStatus } = progress;
        if (updateStatus?.state === 'rollback_started') wentBack = updateStatus.message;
        const outcome = judgeProgress(progress, { ...options, wentBack });
        if (outcome.kind === 'converged') stableSince ??= performance.now();
        else stableSince = undefined;
        const isStable =
          stableSince !== undefined &&
          !(untilUpdated && isUpdating(progress)) &&
          (progress.running === 0 || performance.now() - stableSince >= stableForMs);
        view.show(
          progress,
          removing,
          verifyLine(outcome, isStable, stableForMs) ?? (whom.says && `${name} ${whom.says}`),
        );
        if (outcome.kind === 'hopeless') throw new CliError(plainText(outcome.message));
        if (isStable || outcome.kind === 'over') return;
      }
      if (timeoutMs !== undefined && performance.now() - startedAt >= timeoutMs) {
        throw new CliError(
          `service ${name} has not converged within ${timeoutMs / 1000} seconds; it ${whom.says ?? `goes on: see \`muster service ps ${name}\``}`,
          exitCodes.timedOut,
        );
      }
      const pause = pauseMs({ stableSince, stableForMs, startedAt, timeoutMs });
      if (!news) await waitUntilWoken((resume) => (wake = resume), pause);
      const rest = LOOK_EVERY_MS - (performance.now() - lookedAt);
      if (rest > 0) await waitUntilWoken(() => undefined, rest);
    }
  } finally {
    whom.stop();
    await following?.stop();
  }
}

function verifyLine(outcome: Outcome, isStable: boolean, stableForMs: number): string | undefined {
  if (outcome.kind !== 'converged') return undefined;
  if (isStable) return `verify: ${outcome.message}`;
  return `verify: Waiting ${stableForMs / 1000} seconds to verify that tasks are stable...`;
}

function pauseMs(times: {
  readonly stableSince: number | undefined;
  readonly stableForMs: number;
  readonly startedAt: number;
  readonly timeoutMs: number | undefined;
}): number {
  const now = performance.now();
  const { stableSince, stableForMs, startedAt, timeoutMs } = times;
  const ends = [LOOK_AGAIN_MS];
  // What has been stable for long enough waits for its update, of which the log tells.
  if (stableSince !== undefined && stableSince + stableForMs > now)
    ends.push(stableSince + stableForMs - now);
  if (timeoutMs !== undefined) ends.push(startedAt + timeoutMs - now);
  return Math.max(1, Math.min(...ends));
}

async function look(
  { queries }: Context,
  { service, removing, name }: ConvergeOptions,
  minSeq: number,
  silentForMs: number,
): Promise<Progress | 'gone' | 'unknown'> {
  try {
    return (await queries.ask('service.progress', { service, minSeq })).answer;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ('kind' in error && error.kind === 'not-found') {
      if (removing) return 'gone';
      throw new CliError(`service ${name} was removed meanwhile`);
    }
    const passing = error.name === 'NoApiError' || ('kind' in error && error.kind === 'timeout');
    if (passing && silentForMs < API_PATIENCE_MS) return 'unknown';
    throw error;
  }
}
