// A machine that runs tasks in memory. It outlives the backends connected to it, as an engine outlives the agent.
// Deterministic: time is the clock it is given, chance comes from its seed.
import { nanosToMs } from '@muster/model';
import type { Clock } from '@muster/runtime';
import {
  BackendUnavailableError,
  type BoundPort,
  type CallOptions,
  type Health,
  type LogChunk,
  type LogOptions,
  type PrepareOptions,
  RejectedError,
  type RunState,
  type TaskOrder,
} from '../backend.ts';
import { untilAborted } from '../until-aborted.ts';
import { type Behaviour, planBehaviour } from './behaviour.ts';
import { Gate } from './gate.ts';
import { readOutput } from './simulated-output.ts';
import { readRunState, type SimulatedTask } from './simulated-task.ts';
import { type Watcher, Watchers } from './watchers.ts';

export interface SimulatedEngineOptions {
  readonly clock: Clock;
  /** For messages. */
  readonly name?: string;
  readonly seed?: number | string;
  /** Of every task, where nothing else is said. */
  readonly behaviour?: Behaviour;
  /** What a task does, over `behaviour`; its own SIM_ variables go over both. */
  readonly script?: (order: TaskOrder) => Behaviour | undefined;
}

export interface CrashOptions {
  /** `killed` (exit code 137) when left out; `kept`: only the engine went, as with Docker's live-restore; `lost`: the disk too. */
  readonly tasks?: 'killed' | 'kept' | 'lost';
  /** Recovers by itself; stays down until `recover` when left out. */
  readonly forMs?: number;
}

const KILLED = 137;
const START_FAILED = 128;

/** The tasks of one node. Several nodes may share a machine, and see nothing of one another. */
interface Node {
  readonly tasks: Map<string, SimulatedTask>;
  readonly watchers: Watchers;
}

export class SimulatedEngine {
  readonly #clock: Clock;
  readonly #seed: number | string;
  readonly #behaviour: Behaviour;
  readonly #script: SimulatedEngineOptions['script'];
  readonly #gate: Gate;
  readonly #nodes = new Map<string, Node>();
  /** Published ports in use, as `80/tcp`. */
  readonly #ports = new Set<string>();
  readonly #sick = new Set<string>();
  readonly #stuck = new Map<string, { readonly over: Promise<void>; readonly end: () => void }>();
  #runs = 0;
  #faults = 0;

  constructor(options: SimulatedEngineOptions) {
    this.#clock = options.clock;
    this.#seed = options.seed ?? 0;
    this.#behaviour = options.behaviour ?? {};
    this.#script = options.script;
    this.#gate = new Gate(options.clock, options.name ?? 'sim');
  }

  // What a backend asks. Each of these is one call to the engine.

  /** Resolves when the engine answers, and throws when it is down. */
  answer(): Promise<void> {
    return this.#gate.pass();
  }

  async prepare(nodeKey: string, order: TaskOrder, call: PrepareOptions = {}): Promise<RunState> {
    await this.#gate.pass();
    const { tasks } = this.#node(nodeKey);
    const { taskId, clusterId } = order.identity;
    const known = tasks.get(taskId);
    if (known !== undefined) return readRunState(known);
    const behaviour = planBehaviour(this.#seed, order, this.#behaviour, this.#script?.(order));
    const { pullDelayMs } = behaviour;
    if (pullDelayMs !== undefined) {
      const pull = () => this.#gate.spend(pullDelayMs, call);
      await (call.aside === undefined ? pull() : call.aside(pull));
    }
    await this.#gate.spend(behaviour.prepareDelayMs ?? 0, call);
    if (behaviour.fails === 'prepare') throw new RejectedError('the simulator was told to reject this task');
    // Somebody may have been faster meanwhile.
    const rival = tasks.get(taskId);
    if (rival !== undefined) return readRunState(rival);
    this.#runs += 1;
    const task: SimulatedTask = {
      taskId,
      runId: this.#runs,
      clusterId,
      behaviour,
      graceMs: nanosToMs(order.spec.containerSpec.stopGracePeriod),
      ports: order.ports.length === 0 ? noPorts : order.ports,
      status: 'created',
      health: undefined,
      exitCode: undefined,
      error: undefined,
      startedAt: undefined,
      finishedAt: undefined,
      timer: undefined,
      busy: undefined,
      readers: undefined,
    };
    tasks.set(taskId, task);
    return readRunState(task);
  }

  /** A start that is given up goes on, as an engine's does. */
  async start(nodeKey: string, taskId: string, call: CallOptions = {}): Promise<RunState> {
    const task = await this.#find(nodeKey, taskId);
    if (task === undefined) throw new Error(`No such task: ${taskId}`);
    const takesTime = task.busy !== undefined || task.behaviour.startDelayMs || this.#gate.state === 'hung';
    const starting = async () => {
      while (task.busy !== undefined) await task.busy.catch(() => {});
      if (task.status !== 'created') return;
      await this.#occupy(task, async () => {
        await this.#gate.spend(task.behaviour.startDelayMs ?? 0);
        this.#run(nodeKey, task);
      });
    };
    await (takesTime ? untilAborted(starting(), call.signal) : starting());
    return readRunState(task);
  }

  async stop(nodeKey: string, taskId: string): Promise<void> {
    const task = await this.#find(nodeKey, taskId);
    if (task === undefined) return;
    await this.#stuck.get(taskId)?.over;
    while (task.busy !== undefined) await task.busy.catch(() => {});
    if (task.status !== 'running') return;
    const { stopDelayMs = 0, stopExitCode = 0 } = task.behaviour;
    await this.#occupy(task, async () => {
      await this.#gate.spend(Math.min(stopDelayMs, task.graceMs));
      this.#end(nodeKey, task, stopDelayMs > task.graceMs ? KILLED : stopExitCode);
    });
  }

  async remove(nodeKey: string, taskId: string): Promise<void> {
    const task = await this.#find(nodeKey, taskId);
    if (task === undefined) return;
    await this.#stuck.get(taskId)?.over;
    this.#end(nodeKey, task, KILLED);
    this.#nodes.get(nodeKey)?.tasks.delete(taskId);
  }

  async list(nodeKey: string): Promise<RunState[]> {
    await this.#gate.pass();
    return [...(this.#nodes.get(nodeKey)?.tasks.values() ?? [])].map((task) => this.#look(task));
  }

  async inspect(nodeKey: string, taskId: string): Promise<RunState | undefined> {
    const task = await this.#find(nodeKey, taskId);
    return task && this.#look(task);
  }

  async watch(nodeKey: string, watcher: Watcher): Promise<() => void> {
    await this.#gate.pass();
    return this.#node(nodeKey).watchers.add(watcher);
  }

  async *logs(nodeKey: string, taskId: string, options: LogOptions): AsyncGenerator<LogChunk> {
    const task = await this.#find(nodeKey, taskId);
    if (task === undefined) throw new Error(`No such task: ${taskId}`);
    yield* readOutput(task, this.#clock, options);
  }

  // Faults on demand.

  crash({ tasks = 'killed', forMs }: CrashOptions = {}): void {
    this.#gate.close();
    for (const [key, node] of this.#nodes) {
      node.watchers.lose(new BackendUnavailableError('the simulated engine crashed'));
      if (tasks !== 'kept') for (const task of node.tasks.values()) this.#end(key, task, KILLED);
      if (tasks === 'lost') node.tasks.clear();
    }
    this.#recoverAfter(forMs);
  }

  recover(): void {
    this.#faults += 1;
    this.#gate.open();
    for (const { watchers } of this.#nodes.values()) watchers.release();
  }

  /** Answers nothing and tells nothing, until `recover`; tasks run on. */
  hang({ forMs }: { readonly forMs?: number } = {}): void {
    this.#gate.hang();
    this.#recoverAfter(forMs);
  }

  /** A task ends, as if by itself. False when no task of this id runs here. */
  kill(taskId: string, exitCode: number = KILLED, error?: string): boolean {
    for (const [key, { tasks }] of this.#nodes) {
      const task = tasks.get(taskId);
      if (task?.status !== 'running') continue;
      this.#end(key, task, exitCode, error);
      return true;
    }
    return false;
  }

  /** Somebody else starts an ended task again. False when none of this id has ended here. */
  restart(taskId: string): boolean {
    for (const [key, { tasks }] of this.#nodes) {
      const task = tasks.get(taskId);
      if (task?.status !== 'exited') continue;
      task.status = 'running';
      task.startedAt = this.#clock.now();
      task.exitCode = undefined;
      task.error = undefined;
      task.finishedAt = undefined;
      for (const port of task.ports) this.#ports.add(namePublished(port));
      this.#tell(key, task);
      return true;
    }
    return false;
  }

  /** A task that runs and does not do its work, until it does again: `exec` of `work` in it fails. */
  sicken(taskId: string, isSick = true): void {
    if (isSick) this.#sick.add(taskId);
    else this.#sick.delete(taskId);
  }

  works(taskId: string): boolean {
    return !this.#sick.has(taskId);
  }

  /** Nothing can be told of the task, nor done to it, while everything else goes on; until it is stuck no more. */
  stick(taskId: string, isStuck = true): void {
    const known = this.#stuck.get(taskId);
    if (!isStuck) {
      this.#stuck.delete(taskId);
      known?.end();
    } else if (!known) {
      let end: () => void = () => undefined;
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#stuck.set(taskId, { over, end });
    }
  }

  /** Every task on the machine, for checkers: this sees through hangs and crashes. */
  *states(): IterableIterator<RunState & { readonly nodeKey: string }> {
    for (const [nodeKey, { tasks }] of this.#nodes) {
      for (const task of tasks.values()) yield { nodeKey, ...readRunState(task) };
    }
  }

  /** Unless another fault came in between. */
  #recoverAfter(delayMs: number | undefined): void {
    this.#faults += 1;
    const fault = this.#faults;
    if (delayMs === undefined) return;
    this.#clock.schedule(delayMs, () => {
      if (this.#faults === fault) this.recover();
    });
  }

  #node(nodeKey: string): Node {
    let node = this.#nodes.get(nodeKey);
    if (node === undefined) {
      node = { tasks: new Map(), watchers: new Watchers() };
      this.#nodes.set(nodeKey, node);
    }
    return node;
  }

  async #find(nodeKey: string, taskId: string): Promise<SimulatedTask | undefined> {
    await this.#gate.pass();
    return this.#nodes.get(nodeKey)?.tasks.get(taskId);
  }

  #look(task: SimulatedTask): RunState {
    const { taskId, runId, ...state } = readRunState(task);
    if (!this.#stuck.has(taskId)) return { taskId, runId, ...state };
    const { clusterId } = task;
    return { taskId, runId, ...(clusterId !== undefined && { clusterId }), status: 'unknown' };
  }

  /** One change of a task at a time. */
  async #occupy(task: SimulatedTask, change: () => Promise<void>): Promise<void> {
    task.busy = change().finally(() => {
      task.busy = undefined;
    });
    await task.busy;
  }

  #run(nodeKey: string, task: SimulatedTask): void {
    if (this.#nodes.get(nodeKey)?.tasks.get(task.taskId) !== task)
      throw new Error(`No such task: ${task.taskId}`);
    if (task.status !== 'created') return;
    const failure =
      task.behaviour.fails === 'start' ? 'the simulator was told to fail this start' : this.#bindPorts(task);
    if (failure !== undefined) {
      // Docker's way: a task whose start failed has ended, with the reason in its state.
      Object.assign(task, { status: 'exited', exitCode: START_FAILED, error: failure });
      throw new Error(failure);
    }
    task.status = 'running';
    task.startedAt = this.#clock.now();
    const { exitCode, exitAfterMs = exitCode === undefined ? undefined : 0 } = task.behaviour;
    if (exitAfterMs !== undefined) {
      task.timer = this.#clock.schedule(exitAfterMs, () => this.#end(nodeKey, task, exitCode ?? 0));
    }
    this.#beginHealth(nodeKey, task);
    this.#tell(nodeKey, task);
  }

  #beginHealth(nodeKey: string, task: SimulatedTask): void {
    const { healthyAfterMs, unhealthyAfterMs } = task.behaviour;
    const runs = task.startedAt;
    const turn = (health: Health, afterMs: number | undefined) => {
      if (afterMs === undefined) return;
      task.health = 'starting';
      this.#clock.schedule(afterMs, () => {
        if (task.status !== 'running' || task.startedAt !== runs) return;
        task.health = health;
        this.#tell(nodeKey, task);
      });
    };
    turn('healthy', healthyAfterMs);
    turn('unhealthy', unhealthyAfterMs);
  }

  /** The reason why not, in Docker's words; undefined when all are bound. */
  #bindPorts(task: SimulatedTask): string | undefined {
    const taken = task.ports.find((port) => this.#ports.has(namePublished(port)));
    if (taken !== undefined) {
      return `Bind for 0.0.0.0:${taken.publishedPort} failed: port is already allocated`;
    }
    for (const port of task.ports) this.#ports.add(namePublished(port));
    return undefined;
  }

  /** Does nothing unless the task runs. */
  #end(nodeKey: string, task: SimulatedTask, exitCode: number, error?: string): void {
    if (task.status !== 'running') return;
    task.timer?.cancel();
    task.timer = undefined;
    task.status = 'exited';
    task.health = undefined;
    task.exitCode = exitCode;
    task.error = error;
    task.finishedAt = this.#clock.now();
    for (const port of task.ports) this.#ports.delete(namePublished(port));
    this.#tell(nodeKey, task);
  }

  #tell(nodeKey: string, task: SimulatedTask): void {
    for (const wake of task.readers ?? []) wake();
    this.#nodes.get(nodeKey)?.watchers.tell(readRunState(task), this.#gate.state === 'hung');
  }
}

const noPorts: readonly BoundPort[] = [];

function namePublished(port: BoundPort): string {
  return `${port.publishedPort}/${port.protocol}`;
}
