// What is wanted of each task of this node: for each the command with the highest basis. A set that shrinks means
// nothing: only a command ever ends a task.
import { type Command, decodeCommand } from '@muster/events';
import type { CommandRecord } from '@muster/log';
import { desiredStates } from '@muster/model';
import type { Logger } from '@muster/runtime';
import { hasEnded, type Wanted } from './next-step.ts';
import { describeOrder, type OrderingNode } from './orders.ts';
import { describeError } from './patience.ts';
import { createEntry, type TaskEntry } from './task-entry.ts';

export interface CommandSetOptions {
  readonly entries: Map<string, TaskEntry>;
  readonly node: () => OrderingNode;
  readonly logger: Logger;
  readonly onWanted: (entry: TaskEntry) => void;
  /** The cluster asks for a task that has ended here: it seems not to know. */
  readonly onUnaware: (entry: TaskEntry) => void;
}

export interface CommandSet {
  accept(record: CommandRecord): void;
  /** A task was forgotten at this command: an older one that comes late must not bring it back. */
  noteForgotten(entry: TaskEntry): void;
  /** Commands, whatever became of them. */
  readonly received: number;
  /** Commands that could not be understood. */
  readonly refused: number;
}

/** Forgotten tasks that are remembered as such; late commands come soon or never. */
const FORGOTTEN_LIMIT = 10_000;

export function createCommandSet(options: CommandSetOptions): CommandSet {
  const { entries, node, logger, onWanted, onUnaware } = options;
  const forgotten = new Map<string, number>();
  let received = 0;
  let refused = 0;

  function read(record: CommandRecord): Command | undefined {
    try {
      const command = decodeCommand(record.data);
      if (command.type === 'task' && command.task.id !== record.taskId) {
        throw new Error(`it is about task ${command.task.id}`);
      }
      return command;
    } catch (error) {
      refused += 1;
      logger.error(
        { task: record.taskId, seq: record.seq, err: describeError(error) },
        'a command is ignored',
      );
      return undefined;
    }
  }

  function accept(record: CommandRecord): void {
    received += 1;
    const command = read(record);
    if (!command) return;
    const { basis } = command;
    const known = entries.get(record.taskId);
    if (basis <= (known?.basis ?? forgotten.get(record.taskId) ?? -1)) return;
    const entry = known ?? createEntry(record.taskId);
    entries.set(entry.id, entry);
    entry.basis = basis;
    entry.wanted = command.type === 'forget' ? 'forget' : raise(entry.wanted, command.desired);
    if (command.type === 'forget') {
      entry.order = undefined;
    } else if (hasEnded(entry.reached)) {
      if (command.desired === 'ready' || command.desired === 'running') onUnaware(entry);
    } else if (entry.reached !== 'starting' && entry.reached !== 'running') {
      entry.order = describeOrder(command, node());
    }
    onWanted(entry);
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
    get received() {
      return received;
    },
    get refused() {
      return refused;
    },
  };
}

const ranks: readonly Wanted[] = ['nothing', ...desiredStates, 'forget'];

/** A desired state only rises. */
function raise(wanted: Wanted, desired: Wanted): Wanted {
  return ranks.indexOf(desired) > ranks.indexOf(wanted) ? desired : wanted;
}
