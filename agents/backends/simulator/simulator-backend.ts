// A backend whose tasks live in a simulated engine: the agent's connection to it, for one node.
import type { NodeDescription, Resources } from '@muster/model';
import type { Clock } from '@muster/runtime';
import type {
  Backend,
  CallOptions,
  ExecResult,
  LogChunk,
  LogOptions,
  PrepareOptions,
  RunState,
  TaskOrder,
} from '../backend.ts';
import type { Behaviour } from './behaviour.ts';
import { type CrashOptions, SimulatedEngine } from './simulated-engine.ts';

export interface SimulatorOptions {
  readonly clusterName: string;
  readonly nodeId: string;
  readonly clock: Clock;
  /** The machine. Give the same one to the next backend to simulate a restart of the agent; a new one when left out. */
  readonly engine?: SimulatedEngine;
  /** These two are the new machine's. */
  readonly seed?: number | string;
  readonly behaviour?: Behaviour;
  readonly nodeHostname?: string;
  readonly resources?: Resources;
  readonly platform?: NodeDescription['platform'];
  readonly engineLabels?: Readonly<Record<string, string>>;
  /** Where other nodes would reach it. */
  readonly addr?: string;
}

const DEFAULT_RESOURCES: Resources = { nanoCpus: 4e9, memoryBytes: 8 * 1024 ** 3 };
const DEFAULT_PLATFORM = { os: 'linux', architecture: 'amd64' };

export class SimulatorBackend implements Backend {
  readonly name = 'simulator';
  readonly engine: SimulatedEngine;
  readonly #options: SimulatorOptions;
  readonly #nodeKey: string;
  readonly #watches = new Set<() => void>();

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#nodeKey = `${options.clusterName}/${options.nodeId}`;
    const { clock, nodeId: name, seed, behaviour } = options;
    this.engine =
      options.engine ??
      new SimulatedEngine({
        clock,
        name,
        seed: seed ?? name,
        ...(behaviour === undefined ? {} : { behaviour }),
      });
  }

  async describe(): Promise<Omit<NodeDescription, 'labels'>> {
    await this.engine.answer();
    const { nodeHostname, nodeId, platform, resources, engineLabels, addr } = this.#options;
    return {
      hostname: nodeHostname ?? `sim-${nodeId}`,
      platform: platform ?? DEFAULT_PLATFORM,
      resources: resources ?? DEFAULT_RESOURCES,
      engine: { backend: 'simulator', version: '1', labels: { ...engineLabels } },
      // What nobody runs may be on any network.
      networks: ['bridge', 'host', 'null', 'overlay'],
      ...(addr !== undefined && { addr }),
    };
  }

  prepare(order: TaskOrder, options?: PrepareOptions): Promise<RunState> {
    return this.engine.prepare(this.#nodeKey, order, options);
  }

  start(taskId: string, options?: CallOptions): Promise<RunState> {
    return this.engine.start(this.#nodeKey, taskId, options);
  }

  stop(taskId: string): Promise<void> {
    return this.engine.stop(this.#nodeKey, taskId);
  }

  remove(taskId: string): Promise<void> {
    return this.engine.remove(this.#nodeKey, taskId);
  }

  list(): Promise<readonly RunState[]> {
    return this.engine.list(this.#nodeKey);
  }

  inspect(taskId: string): Promise<RunState | undefined> {
    return this.engine.inspect(this.#nodeKey, taskId);
  }

  async watch(options: Parameters<Backend['watch']>[0]): Promise<{ stop(): Promise<void> }> {
    const end = await this.engine.watch(this.#nodeKey, options);
    this.#watches.add(end);
    return {
      stop: async () => {
        this.#watches.delete(end);
        end();
      },
    };
  }

  logs(taskId: string, options: LogOptions): AsyncGenerator<LogChunk> {
    return this.engine.logs(this.#nodeKey, taskId, options);
  }

  /** Knows three commands: `echo WORDS…`, `exit CODE`, and `work`, which a task that was sickened can't; what is meant for a shell is work. */
  async exec(
    taskId: string,
    [command = '', ...args]: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<ExecResult> {
    signal?.throwIfAborted();
    const state = await this.inspect(taskId);
    if (state?.status !== 'running') throw new Error(`Task ${taskId} is not running`);
    if (command === 'echo') return { exitCode: 0, stdout: `${args.join(' ')}\n`, stderr: '' };
    if (command === 'exit') return { exitCode: Number(args[0] ?? 0), stdout: '', stderr: '' };
    if (command === 'work' || command === '/bin/sh') {
      const works = this.engine.works(taskId);
      return { exitCode: works ? 0 : 1, stdout: '', stderr: works ? '' : 'sick\n' };
    }
    return { exitCode: 127, stdout: '', stderr: `exec: "${command}": executable file not found in $PATH\n` };
  }

  async children(): Promise<readonly string[]> {
    return [];
  }

  /**
   * Faults: `{ fault: "crash" | "hang", forMs?, tasks? }`, `{ fault: "recover" }`, `{ fault: "kill", taskId, exitCode? }`,
   * `{ fault: "restart" | "stick" | "unstick", taskId }`.
   */
  async raw(request: unknown): Promise<unknown> {
    const fault = (request ?? {}) as { fault?: string; taskId?: string; exitCode?: number } & CrashOptions;
    switch (fault.fault) {
      case 'crash':
        this.engine.crash(fault);
        return {};
      case 'hang':
        this.engine.hang(fault);
        return {};
      case 'recover':
        this.engine.recover();
        return {};
      case 'kill':
        return { killed: this.engine.kill(fault.taskId ?? '', fault.exitCode) };
      case 'restart':
        return { restarted: this.engine.restart(fault.taskId ?? '') };
      case 'stick':
      case 'unstick':
        this.engine.stick(fault.taskId ?? '', fault.fault === 'stick');
        return {};
      default:
        throw new Error(
          'the simulator takes { "fault": "crash" | "hang" | "recover" | "kill" | "restart" | "stick" | "unstick", … }',
        );
    }
  }

  /** The agent goes, politely or not; the machine and its tasks stay. */
  async close(): Promise<void> {
    for (const end of this.#watches) end();
    this.#watches.clear();
  }
}
