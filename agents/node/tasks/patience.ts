// Waiting, and trying again, by the clock that is given; both end at once when the agent does.
import type { Clock } from '@muster/runtime';
import { cutWords } from './cut-words.ts';

/** The agent is being stopped: whatever was going on is to end, and it is nobody's fault. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  constructor() {
    super('the agent is stopped');
  }
}

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** `failures` is 1 after the first one. */
export function backOff({ firstMs, mostMs }: Backoff, failures: number): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/** Resolves after the delay, or as soon as the signal is aborted. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.schedule(delayMs, end);
    signal.addEventListener('abort', end);
  });
}

export interface RetryOptions extends Backoff {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown, failures: number, delayMs: number) => void;
}

/** Tries until it succeeds. Throws only StoppedError. */
export async function retry<T>(action: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, signal, onFailure } = options;
  for (let failures = 1; ; failures += 1) {
    if (signal.aborted) throw new StoppedError();
    try {
      return await action();
    } catch (error) {
      if (error instanceof StoppedError || signal.aborted) throw new StoppedError();
      const delayMs = backOff(options, failures);
      onFailure(error, failures, delayMs);
      await pause(clock, delayMs, signal);
    }
  }
}

export function describeError(error: unknown): string {
  return cutWords(error instanceof Error ? error.message : String(error));
}

export interface Promised<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** Promise.withResolvers, which Node 20 does not have. */
export function promise<T>(): Promised<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const made = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise: made, resolve, reject };
}
