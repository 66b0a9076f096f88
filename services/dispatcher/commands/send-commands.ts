// Puts commands into the store, those of one task at a time, and learns from the answers what the store holds.
import { encodeCommand } from '@muster/events';
import { type AppendResult, type CommandStore, LogUnavailableError } from '@muster/log';
import type { Clock, Timer } from '@muster/runtime';
import type { CommandView } from './command-view.ts';
import type { CommandPut } from './derive-commands.ts';
import { TOMBSTONE_TTL_MS } from './tombstones.ts';

export interface SendingOptions {
  readonly store: CommandStore;
  readonly clock: Clock;
  readonly view: CommandView;
  readonly stats: { written: number; conflicts: number; failures: number };
  readonly onStored: (put: CommandPut, seq: number) => void;
  /** The store will not have it. */
  readonly onRefused: (put: CommandPut, error: unknown) => void;
  /** All of the task's have been answered, or have failed; something came up meanwhile, for which it is to be looked at. */
  readonly onDone: (taskId: string, isAnswered: boolean, lookAgain: boolean) => void;
  /** The store could not be reached, and is tried again now. */
  readonly onResume: () => void;
}

export interface Sending {
  /** The task has commands on their way. */
  has(taskId: string): boolean;
  send(taskId: string, puts: readonly CommandPut[]): void;
  /** The task is to be looked at when its commands have been answered. */
  lookAgain(taskId: string): void;
  /** Tasks with commands on their way, and those of them that are to be looked at then. */
  readonly size: number;
  readonly again: number;
  /** The store could not be reached a moment ago. */
  readonly isPaused: boolean;
  stop(): void;
  /** Resolves when all that is on its way has been answered. */
  answered(): Promise<unknown>;
}

const RETRY_AFTER_MS = 250;

export function createSending(options: SendingOptions): Sending {
  const { store, clock, view, stats, onStored, onRefused, onDone, onResume } = options;
  const inFlight = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let pause: Timer | undefined;

  async function putAll(taskId: string, puts: readonly CommandPut[]): Promise<void> {
    const outcomes = await Promise.all(puts.map(putOne));
    inFlight.delete(taskId);
    onDone(
      taskId,
      outcomes.every((outcome) => outcome === 'answered'),
      again.delete(taskId),
    );
  }

  async function putOne(put: CommandPut): Promise<'answered' | 'failed'> {
    const { nodeId, taskId, command, expectLastSeq } = put;
    try {
      const result = await store.put(nodeId, taskId, encodeCommand(command), {
        expectLastSeq,
        ...(command.type === 'forget' && { ttlMs: TOMBSTONE_TTL_MS }),
      });
      if (result.ok) {
        stats.written += 1;
        onStored(put, result.seq);
      } else {
        stats.conflicts += 1;
        learnFrom(result, put);
      }
      return 'answered';
    } catch (error) {
      stats.failures += 1;
      if (error instanceof LogUnavailableError) waitBeforeRetrying(taskId);
      else onRefused(put, error);
      return 'failed';
    }
  }

  /** As a rule the view is told of the command that won, and that marks the task. A tombstone goes untold. */
  function learnFrom({ actual }: Extract<AppendResult, { ok: false }>, put: CommandPut): void {
    const { taskId, nodeId, expectLastSeq } = put;
    const entry = view.entryOf(taskId, nodeId);
    if (entry && (actual === 0 || (actual === undefined && entry.forget))) {
      view.drop(taskId, nodeId, expectLastSeq);
    }
    if (view.seqOf(taskId, nodeId) !== expectLastSeq) again.add(taskId);
  }

  function waitBeforeRetrying(taskId: string): void {
    again.add(taskId);
    pause ??= clock.schedule(RETRY_AFTER_MS, () => {
      pause = undefined;
      onResume();
    });
  }

  return {
    has: (taskId) => inFlight.has(taskId),
    send(taskId, puts) {
      inFlight.set(taskId, putAll(taskId, puts));
    },
    lookAgain(taskId) {
      again.add(taskId);
    },
    get size() {
      return inFlight.size;
    },
    get again() {
      return again.size;
    },
    get isPaused() {
      return pause !== undefined;
    },
    stop: () => pause?.cancel(),
    answered: () => Promise.all(inFlight.values()),
  };
}
