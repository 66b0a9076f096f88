import { silentLogger } from '@muster/runtime';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runUntilStopped } from './run-until-stopped.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

it('ends with exit code 1 once stopped after a failure', async () => {
  let stopped = false;
  await runUntilStopped(async (fail) => {
    fail(new Error('the log is gone'));
    return async () => {
      stopped = true;
    };
  }, silentLogger);
  expect(stopped).toBe(true);
  expect(process.exitCode).toBe(1);
});

it('ends after a failure though something never stops', async () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  void runUntilStopped(async (fail) => {
    fail(new Error('the log is gone'));
    return () => new Promise(() => undefined);
  }, silentLogger);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(exit).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(exit).toHaveBeenCalledWith(1);
});
