// Tasks as plain processes, for machines without an engine (Linux only: it needs /proc). Each task is a process
// group of its own under a small shell that outlives the agent; its state is on disk, and found there again.
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type NodeDescription, nanosToMs } from '@muster/model';
import type { Logger } from '@muster/runtime';
import {
  type Backend,
  BackendUnavailableError,
  type CallOptions,
  type ExecResult,
  type LogChunk,
  type LogOptions,
  RejectedError,
  type RunState,
  type TaskOrder,
} from '../backend.ts';
import { Attendance } from './attendance.ts';
import { checkOrder, listArguments, nameSignal } from './check-order.ts';
import { describeMachine, type MachineOverrides } from './describe-machine.ts';
import { explainMissing, explainTooLong, findExecutable, placeCommand } from './environment.ts';
import { launch } from './launch.ts';
import { findRunning, isWhole, mendTask } from './mend.ts';
import { readOutput } from './output.ts';
import { isAttended, killTask, signalTask } from './proc.ts';
import { runCommand } from './run-command.ts';
import {
  discard,
  hasExit,
  isTaskId,
  keepExit,
  keepRecord,
  loadOrder,
  loadProcesses,
  locateTask,
  readState,
  saveExit,
  saveOrder,
} from './task-files.ts';

export interface ProcessOptions extends MachineOverrides {
  readonly clusterName: string;
  readonly nodeId: string;
  /** Where tasks are kept. Several nodes and clusters may share it. */
  readonly stateDir: string;
  /** Is told of what had to be made good. */
  readonly logger?: Logger;
}

type Watcher = Parameters<Backend['watch']>[0];

const NOT_FOUND = 127;
const RECORD_POLL_MS = 10;
const RECORD_LIMIT_MS = 5_000;
/** setTimeout takes no more. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export class ProcessBackend implements Backend {
  readonly name = 'process';
  readonly #options: ProcessOptions;
  readonly #nodeDirectory: string;
  readonly #attendance: Attendance;
  readonly #watchers = new Set<Watcher>();
  readonly #starting = new Set<string>();

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { stateDir, clusterName, nodeId } = options;
    this.#nodeDirectory = path.resolve(stateDir, encodeURIComponent(clusterName), encodeURIComponent(nodeId));
    this.#attendance = new Attendance(this.#nodeDirectory, (state) => this.#tell(state));
  }

  async describe(): Promise<Omit<NodeDescription, 'labels'>> {
    if (!existsSync('/proc/self/stat')) {
      throw new BackendUnavailableError(
        'the process backend needs Linux with /proc: use the docker backend here',
      );
    }
    return describeMachine(this.#options);
  }

  async prepare(order: TaskOrder): Promise<RunState> {
    const { taskId, clusterId } = order.identity;
    const directory = this.#locate(taskId);
    if (existsSync(directory)) await this.#mend(taskId);
    const known = readState(taskId, directory);
    if (known !== undefined) return known;
    checkOrder(order);
    const container = order.spec.containerSpec;
    if (container.dir && !statSync(container.dir, { throwIfNoEntry: false })?.isDirectory()) {
      throw new RejectedError(`dir: no such directory: ${container.dir}`);
    }
    await saveOrder(directory, {
      ...(clusterId === undefined ? {} : { clusterId }),
      arguments: listArguments(container),
      env: container.env,
      ...(container.dir ? { dir: path.resolve(container.dir) } : {}),
      stopSignal: nameSignal(container.stopSignal),
      stopGraceMs: nanosToMs(container.stopGracePeriod),
    });
    return this.#read(taskId);
  }

  async start(taskId: string): Promise<RunState> {
    await this.#mend(taskId);
    this.#starting.add(taskId);
    try {
      return await this.#start(taskId, this.#locate(taskId));
    } finally {
      this.#starting.delete(taskId);
    }
  }

  async #start(taskId: string, directory: string): Promise<RunState> {
    if (this.#read(taskId).status !== 'created') return this.#readStarted(taskId, directory);
    const order = loadOrder(directory)!;
    const place = placeCommand(directory, order);
    const [command = '', ...args] = order.arguments;
    const executable = findExecutable(command, place);
    const obstacle =
      executable === undefined ? explainMissing(command) : explainTooLong(order.arguments, place);
    if (executable === undefined || obstacle !== undefined) {
      saveExit(directory, NOT_FOUND, obstacle);
      await keepExit(directory);
      throw new Error(obstacle);
    }
    const { ended } = await launch(directory, [executable, ...args], place);
    this.#attendance.attend(taskId, ended);
    const state = await this.#readStarted(taskId, directory);
    await keepRecord(directory);
    const { runId, startedAt } = state;
    // It runs, or has run: either way it started.
    this.#tell({ taskId, runId, status: 'running', ...(startedAt === undefined ? {} : { startedAt }) });
    return state;
  }

  async stop(taskId: string): Promise<void> {
    const directory = this.#locate(taskId);
    await this.#mend(taskId);
    const order = loadOrder(directory);
    const processes = loadProcesses(directory);
    if (order === undefined || processes === undefined) return;
    if (readState(taskId, directory)?.status !== 'running') return;
    const { ended } = this.#attendance.attend(taskId);
    signalTask(processes, order.stopSignal);
    if (await endsWithin(ended, order.stopGraceMs)) return;
    signalTask(processes, 'SIGKILL');
    await ended;
  }

  async remove(taskId: string): Promise<void> {
    const directory = this.#locate(taskId);
    await this.#mend(taskId);
    const processes = loadProcesses(directory);
    if (processes !== undefined) {
      const isRunning = readState(taskId, directory)?.status === 'running';
      const ended = isRunning ? this.#attendance.attend(taskId).ended : undefined;
      // Also where nothing runs: a wrapper that was killed may have left its command behind.
      await killTask(processes);
      await ended;
    }
    discard(directory);
    this.#dropEmptyDirectories();
  }

  /** What runs is looked for as well: files may be lost. */
  async list(): Promise<readonly RunState[]> {
    const running = findRunning(this.#nodeDirectory);
    const taskIds = new Set([...this.#listTaskIds(), ...running.keys()]);
    const states: RunState[] = [];
    for (const taskId of taskIds) {
      const directory = this.#locate(taskId);
      try {
        if (!this.#starting.has(taskId)) await mendTask(directory, running.get(taskId), this.#options.logger);
        const state = readState(taskId, directory);
        if (state !== undefined) states.push(state);
      } catch (error) {
        this.#options.logger?.warn(
          { task: taskId, err: String(error) },
          'the files of a task can not be read',
        );
        states.push({ taskId, runId: '', status: 'unknown' });
      }
    }
    return states;
  }

  async inspect(taskId: string): Promise<RunState | undefined> {
    await this.#mend(taskId);
    return readState(taskId, this.#locate(taskId));
  }

  async watch(watcher: Watcher): Promise<{ stop(): Promise<void> }> {
    const own = { ...watcher };
    this.#watchers.add(own);
    for (const { taskId, status } of await this.list()) {
      if (status === 'unknown') continue;
      const directory = this.#locate(taskId);
      // Whatever was started and has no end on record: it runs, or was killed while no agent was there.
      if (loadProcesses(directory) !== undefined && !hasExit(directory)) this.#attendance.attend(taskId);
    }
    return {
      stop: async () => {
        this.#watchers.delete(own);
      },
    };
  }

  async *logs(taskId: string, options: LogOptions): AsyncGenerator<LogChunk> {
    const directory = this.#locate(taskId);
    this.#read(taskId);
    const isOver = () => (readState(taskId, directory)?.status ?? 'exited') === 'exited';
    yield* readOutput({ taskId, directory, isOver }, options);
  }

  async exec(taskId: string, command: readonly string[], { signal }: CallOptions = {}): Promise<ExecResult> {
    const directory = this.#locate(taskId);
    if (this.#read(taskId).status !== 'running') throw new Error(`Task ${taskId} is not running`);
    const { over } = this.#attendance.attend(taskId);
    const place = placeCommand(directory, loadOrder(directory)!);
    return runCommand(command, place, signal ? AbortSignal.any([over.signal, signal]) : over.signal);
  }

  async children(): Promise<readonly string[]> {
    return [];
  }

  async raw(): Promise<unknown> {
    throw new Error('the process backend has no engine to pass a request to');
  }

  /** The agent goes; its processes stay. */
  async close(): Promise<void> {
    this.#watchers.clear();
    this.#attendance.close();
  }

  #locate(taskId: string): string {
    return locateTask(this.#nodeDirectory, taskId);
  }

  #read(taskId: string): RunState {
    const state = readState(taskId, this.#locate(taskId));
    if (state === undefined) throw new Error(`No such task: ${taskId}`);
    return state;
  }

  /** The state of a task that was started, by us or by somebody who is still at it. */
  async #readStarted(taskId: string, directory: string): Promise<RunState> {
    for (let waited = 0; waited < RECORD_LIMIT_MS; waited += RECORD_POLL_MS) {
      const processes = loadProcesses(directory);
      const isComplete = processes && (processes.command !== undefined || !isAttended(processes));
      if (isComplete || hasExit(directory)) return this.#read(taskId);
      await delay(RECORD_POLL_MS);
    }
    throw new Error(`the shell around task ${taskId} did not start`);
  }

  #listTaskIds(): string[] {
    if (!existsSync(this.#nodeDirectory)) return [];
    const found = readdirSync(this.#nodeDirectory, { withFileTypes: true });
    return found.filter((entry) => entry.isDirectory() && isTaskId(entry.name)).map(({ name }) => name);
  }

  async #mend(taskId: string): Promise<void> {
    const directory = this.#locate(taskId);
    if (this.#starting.has(taskId) || isWhole(directory)) return;
    await mendTask(directory, findRunning(this.#nodeDirectory).get(taskId), this.#options.logger);
  }

  /** News come after the call that made them, never inside it. */
  #tell(state: RunState): void {
    for (const watcher of this.#watchers) {
      setImmediate(() => {
        if (this.#watchers.has(watcher)) watcher.onChange(state);
      });
    }
  }

  #dropEmptyDirectories(): void {
    try {
      rmdirSync(this.#nodeDirectory);
      rmdirSync(path.dirname(this.#nodeDirectory));
    } catch {
      // Other tasks or nodes live there.
    }
  }
}

async function endsWithin(ended: Promise<void>, delayMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = delay(Math.min(delayMs, LONGEST_DELAY_MS), false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([ended.then(() => true), late]);
  timer.abort();
  return inTime;
}
