// What becomes of a command that can't be made, or that the store refuses: it is tried again, less and less often, holds
// up no other, and its node's tasks are said to wait for it.
import { LogRefusedError, RecordTooLargeError } from '@muster/log';
import { shortenReason } from '@muster/model';
import type { Clock, Logger, Timer } from '@muster/runtime';
import { createComplaints } from './complaints.ts';
import { createHeldCommands } from './held-commands.ts';

export interface RefusedCommandsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the task's command; 0 for a task that the state does not know. */
  readonly commandSeqOf: (taskId: string) => number;
  /** To be tried again. */
  readonly onDue: (taskIds: readonly string[]) => void;
  /** The node can't be told of the task, and why; or no longer so, when there is no reason. */
  readonly onUndelivered: (nodeId: string, taskId: string, reason: string | undefined) => void;
}

export interface Refusal {
  readonly taskId: string;
  /** Undefined when that is not known either. */
  readonly nodeId: string | undefined;
  /** It is to forget the task: there is nothing to be said of that. */
  readonly forget?: boolean;
  readonly error: unknown;
}

export interface RefusedCommands {
  note(refusal: Refusal): void;
  /** The task's command was stored, or none is wanted. */
  settle(taskId: string): void;
  has(taskId: string): boolean;
  /** Whether it is too early to try the task again: what is to be said of it is the same. */
  isTooEarly(taskId: string): boolean;
  readonly size: number;
  stop(): void;
}

export function createRefusedCommands(options: RefusedCommandsOptions): RefusedCommands {
  const { clock, logger, commandSeqOf, onDue, onUndelivered } = options;
  const held = createHeldCommands();
  const complaints = createComplaints(logger);
  /** Where each is to go, as far as anybody was told. */
  const told = new Map<string, string>();
  let timer: Timer | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  function sleep(): void {
    const at = held.nextTry();
    if (at === undefined || at >= timerAt) return;
    timer?.cancel();
    timerAt = at;
    timer = clock.schedule(Math.max(1, at - clock.now()), () => {
      timerAt = Number.POSITIVE_INFINITY;
      const due = held.takeDue(clock.now());
      sleep();
      if (due.length > 0) onDue(due);
    });
  }

  return {
    note({ taskId, nodeId, forget = false, error }) {
      const now = clock.now();
      held.hold(taskId, commandSeqOf(taskId), now);
      complaints.note({ taskId, nodeId, error }, now);
      if (nodeId !== undefined && !forget) {
        told.set(taskId, nodeId);
        onUndelivered(nodeId, taskId, explainRefusal(error));
      }
      sleep();
    },
    settle(taskId) {
      if (!held.release(taskId)) return;
      const nodeId = told.get(taskId);
      if (told.delete(taskId)) onUndelivered(nodeId!, taskId, undefined);
      if (held.size === 0) complaints.settle();
    },
    has: held.has,
    isTooEarly: (taskId) => held.isHeld(taskId, commandSeqOf(taskId), clock.now()),
    get size() {
      return held.size;
    },
    stop: () => timer?.cancel(),
  };
}

/** For people; the same words for all tasks that it is true of, so that one event tells of them together. */
export function explainRefusal(error: unknown): string {
  if (error instanceof RecordTooLargeError)
    return `its command has ${error.bytes} bytes, and the server takes at most ${error.limit}: make the service's spec smaller, or raise max_payload in the server's configuration`;
  // Its own message names the subject.
  if (error instanceof LogRefusedError)
    return shortenReason(`the store refused its command: ${messageOf(error.cause ?? error)}`);
  return shortenReason(`its command could not be made: ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
