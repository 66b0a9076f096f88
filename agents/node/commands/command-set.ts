// What is wanted of each task of this node: for each the command with the highest basis. A set that shrinks means
// nothing: only a command ever ends a task.
import { type Command, decodeCommand, type TaskCommand } from '@muster/events';
import type { CommandRecord } from '@muster/log';
import { desiredStates, TemplateError } from '@muster/model';
import type { Clock, Logger } from '@muster/runtime';
import { addChecks } from '../health/condition.ts';
import { cutWords } from '../tasks/cut-words.ts';
import { GONE_ERROR, hasEnded, type Wanted } from '../tasks/next-step.ts';
import { describeError } from '../tasks/patience.ts';
import { createEntry, recallEntry, type TaskEntry } from '../tasks/task-entry.ts';
import { describeOrder, type OrderingNode } from './orders.ts';

export interface CommandSetOptions {
  readonly entries: Map<string, TaskEntry>;
  readonly node: () => OrderingNode;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onWanted: (entry: TaskEntry) => void;
  /** How to run it could not be understood, and nothing of it has been begun. */
  readonly onRefused: (entry: TaskEntry, reason: string) => void;
  /** The cluster asks for a task that has ended here, or once more for what it has: it seems not to know. */
  readonly onUnaware: (entry: TaskEntry) => void;
}

export interface CommandSet {
  accept(record: CommandRecord): void;
  /** A task was forgotten at this command: an older one that comes late must not bring it back. */
  noteForgotten(entry: TaskEntry): void;
  /** The log has lost its end: a command for a task that was forgotten need not be an old one. */
  noteLost(): void;
  /** Commands, whatever became of them. */
  readonly received: number;
  /** Commands that could not be understood. */
  readonly refused: number;
}

/** Forgotten tasks that are remembered as such; late commands come soon or never. */
const FORGOTTEN_LIMIT = 10_000;

export function createCommandSet(options: CommandSetOptions): CommandSet {
  const { entries, node, clock, logger, onWanted, onRefused, onUnaware } = options;
  const forgotten = new Map<string, number>();
  let hasLost = false;
  let received = 0;
  let refused = 0;

  function read(record: CommandRecord): Command {
    const command = decodeCommand(record.data);
    if (command.type === 'task' && command.task.id !== record.taskId) {
      throw new Error(`its command is about task ${command.task.id}`);
    }
    return command;
  }

  function accept(record: CommandRecord): void {
    received += 1;
    try {
      obey(record.taskId, read(record), record.seq);
    } catch (error) {
      obeyNothing(record, describeError(error));
    }
  }

  function obey(taskId: string, command: Command, seq: number): void {
    const known = entries.get(taskId);
    const forgottenAt = forgotten.get(taskId) ?? -1;
    const isReturn = !known && forgottenAt >= 0 && command.type === 'task';
    if (command.basis <= (known?.basis ?? forgottenAt) && !(isReturn && hasLost)) return;
    const { clusterId } = node();
    if (command.type !== 'forget' && isOther(command.cluster, clusterId)) {
      refused += 1;
      logger.error({ task: taskId, seq, cluster: command.cluster }, "another cluster's command is ignored");
      return;
    }
    const entry = known ?? (isReturn ? recallGone(taskId, clock.now()) : createEntry(taskId));
    // What is wanted is said anew when the log has lost something: it may have been what we reported.
    const isToldAgain = command.type === 'task' && known?.wanted === command.desired;
    entries.set(entry.id, entry);
    entry.basis = command.basis;
    entry.wanted = command.type === 'forget' ? 'forget' : raise(entry.wanted, command.desired);
    if (command.type === 'forget') {
      entry.order = undefined;
    } else if (hasEnded(entry.reached)) {
      if (isToRun(command.desired) || isReturn) onUnaware(entry);
    } else if (entry.reached !== 'starting' && entry.reached !== 'running') {
      if (command.type === 'task') takeOrder(entry, command, seq);
      else refuse(entry, cutWords(command.reason), seq);
    }
    if (command.type === 'task' && !hasEnded(entry.reached))
      entry.condition = addChecks(entry.condition, command.task.spec, entry.reached === 'running');
    if (isToldAgain && !hasEnded(entry.reached) && entry.reached !== 'assigned') onUnaware(entry);
    onWanted(entry);
  }

  function takeOrder(entry: TaskEntry, command: TaskCommand, seq: number): void {
    try {
      entry.order = describeOrder(command, node());
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      refuse(entry, cutWords(error.message), seq);
    }
  }

  /** What a task is never changes: one that was understood before, or that is there already, can be run. */
  function refuse(entry: TaskEntry, reason: string, seq: number): void {
    if (entry.order !== undefined || isThere(entry)) return;
    refused += 1;
    logger.error({ task: entry.id, seq, err: reason }, 'a task is refused');
    if (isToRun(entry.wanted)) onRefused(entry, reason);
  }

  /** Not even what is wanted can be read. The cluster is told, where it may still give the task to another node. */
  function obeyNothing({ taskId, seq }: CommandRecord, reason: string): void {
    const entry = entries.get(taskId);
    if (entry === undefined && !forgotten.has(taskId)) {
      const unknown = createEntry(taskId);
      unknown.wanted = 'ready';
      entries.set(taskId, unknown);
      refuse(unknown, reason, seq);
      return;
    }
    refused += 1;
    logger.error({ task: taskId, seq, err: reason }, 'a command is ignored');
  }

  return {
    accept,
    noteForgotten({ id, basis }) {
      forgotten.delete(id);
      forgotten.set(id, basis);
      for (const oldest of forgotten.keys()) {
        if (forgotten.size <= FORGOTTEN_LIMIT) break;
        forgotten.delete(oldest);
      }
    },
    noteLost() {
      hasLost = true;
    },
    get received() {
      return received;
    },
    get refused() {
      return refused;
    },
  };
}

/** It was here, and nothing is left of it: it may have run, and is never run again. */
function recallGone(id: string, at: number): TaskEntry {
  return recallEntry({ id, state: 'failed', message: 'started', err: GONE_ERROR, at });
}

function isThere({ presence }: TaskEntry): boolean {
  return presence !== 'absent' && presence !== 'unknown';
}

function isToRun(wanted: Wanted): boolean {
  return wanted === 'ready' || wanted === 'running';
}

/** Where one of them is not known, there is nothing to tell. */
function isOther(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

const ranks: readonly Wanted[] = ['nothing', ...desiredStates, 'forget'];

/** A desired state only rises. */
function raise(wanted: Wanted, desired: Wanted): Wanted {
  return ranks.indexOf(desired) > ranks.indexOf(wanted) ? desired : wanted;
}
