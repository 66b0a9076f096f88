// Waits for the ends of running tasks: of our own children by their exit, of adopted ones by looking. What ended
// without an exit code gets one on record, and what it left behind is killed.
import { setTimeout as delay } from 'node:timers/promises';
import type { RunState } from '../backend.ts';
import { isAttended, killTask } from './proc.ts';
import { hasExit, KILLED, keepExit, loadProcesses, locateTask, readState, saveExit } from './task-files.ts';

/** How often a process is looked at that another agent started: it is not our child, and tells us nothing. */
const ADOPTED_POLL_MS = 200;

export interface Attendant {
  /** Aborted at the task's end: what runs beside it ends too. */
  readonly over: AbortController;
  readonly ended: Promise<void>;
}

export class Attendance {
  readonly #nodeDirectory: string;
  readonly #onEnd: (state: RunState) => void;
  readonly #attended = new Map<string, Attendant>();
  readonly #closed = new AbortController();

  constructor(nodeDirectory: string, onEnd: (state: RunState) => void) {
    this.#nodeDirectory = nodeDirectory;
    this.#onEnd = onEnd;
  }

  /** The attendant of a running task; `childEnded` is the end of our own child. */
  attend(taskId: string, childEnded?: Promise<void>): Attendant {
    const known = this.#attended.get(taskId);
    if (known !== undefined) return known;
    const over = new AbortController();
    const ended = (childEnded ?? Promise.resolve())
      // A child may have found that another wrapper runs the task: then that one is waited for.
      .then(() => this.#awaitDeath(taskId))
      .then(() => this.#settle(taskId, over))
      // The disk is full, or the task was removed meanwhile: the files say what they say without us.
      .catch(() => {});
    const attendant = { over, ended };
    this.#attended.set(taskId, attendant);
    return attendant;
  }

  close(): void {
    this.#closed.abort();
  }

  async #awaitDeath(taskId: string): Promise<void> {
    const processes = loadProcesses(locateTask(this.#nodeDirectory, taskId));
    while (processes !== undefined && !this.#closed.signal.aborted && isAttended(processes)) {
      await delay(ADOPTED_POLL_MS, undefined, { signal: this.#closed.signal }).catch(() => {});
    }
  }

  async #settle(taskId: string, over: AbortController): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const directory = locateTask(this.#nodeDirectory, taskId);
    const processes = loadProcesses(directory);
    // Whatever is left of its group goes with it.
    if (processes !== undefined) await killTask(processes);
    const state = readState(taskId, directory);
    if (state?.status === 'exited' && !hasExit(directory)) saveExit(directory, KILLED, state.error);
    if (hasExit(directory)) await keepExit(directory);
    this.#attended.delete(taskId);
    over.abort();
    if (state?.status === 'exited') this.#onEnd(state);
  }
}
