// What an agent remembers over restarts: which tasks it has begun to start, and how tasks ended. With it a task that
// ran once is never started twice, even when its container is gone; losing it costs a reading of the node's own
// events (own-events.ts).
import type { TaskStatus } from '@muster/events';
import { agentStates } from '@muster/model';
import type { Clock, Logger } from '@muster/runtime';
import type { AgentStorage } from '../disk/storage.ts';
import { backOff, describeError, pause } from '../tasks/patience.ts';
import { readStatus } from './readable-status.ts';

export interface Remembered {
  /** Whose tasks they are; undefined when the log did not say. */
  readonly clusterId: string | undefined;
  /** The last sequence on the node's own subject that was known. */
  readonly lastSeq: number;
  readonly tasks: readonly TaskStatus[];
}

const FORMAT = 1;
const MAY_HAVE_RUN = agentStates.indexOf('starting');
const RETRY = { firstMs: 1_000, mostMs: 30_000 };

/** Undefined when nothing is stored; throws when what is stored can't be understood. */
export async function loadProgress(storage: AgentStorage): Promise<Remembered | undefined> {
  const stored = (await storage.load()) as Partial<Record<'v' | 'cluster' | 'lastSeq' | 'tasks', unknown>>;
  if (stored === undefined) return undefined;
  if (stored?.v !== FORMAT || !Number.isInteger(stored.lastSeq) || !Array.isArray(stored.tasks)) {
    throw new Error('it is no progress of this version of the agent');
  }
  return {
    clusterId: typeof stored.cluster === 'string' ? stored.cluster : undefined,
    lastSeq: stored.lastSeq as number,
    tasks: stored.tasks.map(readTask),
  };
}

function readTask(stored: TaskStatus): TaskStatus {
  const { status } = readStatus(stored);
  if (!status) throw new Error('it holds what is no status of a task');
  return status;
}

/** What the log knows of tasks that may have run; on either side the later state stands. */
export function mergeProgress(
  remembered: readonly TaskStatus[],
  recalled: readonly TaskStatus[],
): readonly TaskStatus[] {
  const merged = new Map(remembered.map((status) => [status.id, status]));
  for (const status of recalled) {
    const rank = agentStates.indexOf(status.state);
    const known = merged.get(status.id);
    if (rank < MAY_HAVE_RUN || (known && agentStates.indexOf(known.state) >= rank)) continue;
    merged.set(status.id, status);
  }
  return [...merged.values()];
}

export interface Progress {
  remember(status: TaskStatus): void;
  forget(taskId: string): void;
  /** Resolves when everything remembered so far is stored. Waits as long as the storage fails. */
  saved(): Promise<void>;
}

/** Of an agent whose tasks end with it. */
export const noProgress: Progress = {
  remember: () => undefined,
  forget: () => undefined,
  saved: () => Promise.resolve(),
};

export interface ProgressOptions {
  readonly storage: AgentStorage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly clusterId: () => string | undefined;
  readonly lastSeq: () => number;
}

export function createProgress(options: ProgressOptions): Progress {
  const { storage, clock, logger, signal, clusterId, lastSeq } = options;
  const tasks = new Map<string, TaskStatus>();
  let changed = 0;
  let stored = 0;
  let saving = false;
  let waiting: { readonly change: number; readonly resolve: () => void }[] = [];

  /** One save at a time; what changes meanwhile goes into the next one. */
  async function save(): Promise<void> {
    saving = true;
    for (let failures = 0; stored < changed && !signal.aborted; ) {
      const change = changed;
      try {
        await storage.save({
          v: FORMAT,
          cluster: clusterId(),
          lastSeq: lastSeq(),
          tasks: [...tasks.values()],
        });
        stored = change;
        failures = 0;
        waiting = waiting.filter((waiter) => {
          if (waiter.change > stored) return true;
          waiter.resolve();
          return false;
        });
      } catch (error) {
        failures += 1;
        logger.error(
          { err: describeError(error) },
          'progress can not be saved: no task is started until it can',
        );
        await pause(clock, backOff(RETRY, failures), signal);
      }
    }
    saving = false;
  }

  function change(): void {
    changed += 1;
    // What changes in the same turn is saved together.
    if (!saving) {
      saving = true;
      queueMicrotask(save);
    }
  }

  return {
    remember(status) {
      tasks.set(status.id, status);
      change();
    },
    forget(taskId) {
      if (tasks.delete(taskId)) change();
    },
    saved() {
      if (stored === changed) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ change: changed, resolve }));
    },
  };
}
