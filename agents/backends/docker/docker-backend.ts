// Tasks as containers of a Docker engine. Every container it sees or touches carries its cluster's and its
// node's labels. Starting a task costs the engine two calls, create and start, with no look in between.
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeDescription } from '@muster/model';
import { createLane, systemClock } from '@muster/runtime';
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
import { untilAborted } from '../until-aborted.ts';
import { createContainer } from './create-container.ts';
import { type DescriptionOverrides, describeEngine } from './describe-engine.ts';
import { Engine, type EngineRequest, StuckContainerError } from './engine.ts';
import { EngineChecks } from './engine-checks.ts';
import { statusOf } from './engine-error.ts';
import { watchEvents } from './event-watch.ts';
import { readTask } from './gate/held.ts';
import { ImagePulls } from './image-pulls.ts';
import { filterLabels, findTaskId, label, type Owner } from './labels.ts';
import { readLogLines } from './log-lines.ts';
import { runCommand } from './run-command.ts';
import { readEvents } from './run-states.ts';
import { CANCEL_GRACE_MS, DockerSandboxes, type SandboxOptions } from './sandboxes.ts';

/** `nodeHostname`: several nodes may share an engine. */
export interface DockerOptions extends Owner, SandboxOptions, DescriptionOverrides {
  /** Where the engine is, written as DOCKER_HOST is; DOCKER_HOST or the default socket when left out. */
  readonly dockerHost?: string;
}

const INSPECTIONS_AT_ONCE = 16;
/** A slower one goes on beside the others. */
const INSPECTION_LENT_MS = 500;
const REMOVAL_POLL_MS = 100;
const REMOVAL_TIMEOUT_MS = 60_000;

export class DockerBackend implements Backend {
  readonly name = 'docker';
  readonly sandboxes: DockerSandboxes;
  readonly #options: DockerOptions;
  readonly #engine: Engine;
  readonly #pulls: ImagePulls;
  readonly #checks: EngineChecks;
  /** Ids of containers seen with our labels on, by task. */
  readonly #containers = new Map<string, string>();
  /** Tasks whose container was made here and never started: only these start without a look first. */
  readonly #fresh = new Set<string>();
  /** Containers that go because we said so. */
  readonly #removing = new Set<string>();
  readonly #watches = new Set<{ stop(): void }>();

  constructor(options: DockerOptions) {
    this.#options = options;
    this.#engine = new Engine(options.dockerHost);
    this.#pulls = new ImagePulls(this.#engine);
    this.#checks = new EngineChecks(this.#engine);
    this.sandboxes = new DockerSandboxes(this.#engine, options);
  }

  get imagesPulled(): number {
    return this.#pulls.count;
  }

  describe(): Promise<Omit<NodeDescription, 'labels'>> {
    return describeEngine(this.#engine, this.#options);
  }

  ping(): Promise<void> {
    return this.#engine.ping();
  }

  async prepare(order: TaskOrder, options?: PrepareOptions): Promise<RunState> {
    const { taskId } = order.identity;
    const placed = await this.#checks.place(order);
    const { state, isNew } = await createContainer(
      this.#engine,
      this.#pulls,
      this.sandboxes,
      this.#options,
      placed,
      options,
    );
    this.#containers.set(taskId, state.runId);
    await this.#checks.note(placed);
    if (isNew) this.#fresh.add(taskId);
    if (order.networks?.length) this.sandboxes.note(order, state.runId, isNew);
    return state;
  }

  async start(taskId: string, { signal }: CallOptions = {}): Promise<RunState> {
    const id = await this.#find(taskId);
    if (id === undefined) throw new Error(`No such task: ${taskId}`);
    if (!this.#fresh.delete(taskId)) {
      // The engine would run an ended container again.
      const state = await this.#inspect(taskId, id);
      if (state === undefined) throw new Error(`No such container: ${id}`);
      if (state.status !== 'created') return state;
    }
    if (await this.sandboxes.release(taskId, { ...(signal && { signal }) }))
      return { taskId, runId: id, status: 'running' };
    const starting = this.#engine.call((docker) => docker.getContainer(id).start());
    await untilAborted(starting, signal, CANCEL_GRACE_MS).catch(ignoreStatus(304));
    const health = this.#checks.has(taskId) ? ({ health: 'starting' } as const) : {};
    return { taskId, runId: id, status: 'running', ...health };
  }

  async stop(taskId: string): Promise<void> {
    const id = await this.#find(taskId);
    if (id === undefined) return;
    this.#fresh.delete(taskId);
    // The container knows its own stop signal and grace period.
    await this.#engine.call((docker) => docker.getContainer(id).stop()).catch(ignoreStatus(304, 404));
  }

  async remove(taskId: string): Promise<void> {
    const id = await this.#find(taskId);
    if (id !== undefined) await this.#removeContainer(taskId, id);
    await this.sandboxes.close(taskId);
  }

  async #removeContainer(taskId: string, id: string): Promise<void> {
    this.#fresh.delete(taskId);
    this.#removing.add(id);
    try {
      await this.#engine.call((docker) => docker.getContainer(id).remove({ force: true, v: true }));
    } catch (error) {
      // 409: it is being removed already.
      if (statusOf(error) === 409) await this.#awaitGone(taskId, id);
      else if (statusOf(error) !== 404) {
        this.#removing.delete(id);
        throw error;
      }
    }
    this.#containers.delete(taskId);
    this.#checks.forget(taskId);
  }

  async list(): Promise<readonly RunState[]> {
    const states: RunState[] = [];
    let failure: unknown;
    // The engine's list has no exit codes, and for a moment after a container's end still says that it runs.
    const lane = createLane<Found>({
      limit: INSPECTIONS_AT_ONCE,
      lentMs: INSPECTION_LENT_MS,
      clock: systemClock,
      work: async (found) => {
        const state = await this.#lookAt(found);
        if (state !== undefined) states.push(state);
      },
      onError(error) {
        failure ??= error;
      },
    });
    for (const found of await this.#query()) lane.add(found);
    await lane.idle();
    if (failure !== undefined) throw failure;
    return states;
  }

  async inspect(taskId: string): Promise<RunState | undefined> {
    const id = await this.#find(taskId);
    return id === undefined ? undefined : this.#lookAt({ taskId, id });
  }

  async watch(options: Parameters<Backend['watch']>[0]): Promise<{ stop(): Promise<void> }> {
    this.#removing.clear();
    const readEvent = readEvents(
      this.#options,
      (id) => this.#removing.has(id),
      (id) => this.#checks.has(id),
    );
    const watching = await watchEvents(this.#engine, this.#options, {
      onEvent: (event) => {
        if (event.Action === 'start' && this.sandboxes.isOurStart(event.Actor.ID)) return;
        const state = readEvent(event);
        if (event.Action === 'destroy') this.#removing.delete(event.Actor.ID);
        if (state !== undefined) options.onChange(state);
      },
      onLost: options.onLost,
    });
    this.#watches.add(watching);
    return {
      stop: async () => {
        this.#watches.delete(watching);
        watching.stop();
      },
    };
  }

  async *logs(taskId: string, options: LogOptions): AsyncGenerator<LogChunk> {
    const id = await this.#find(taskId);
    if (id === undefined) throw new Error(`No such task: ${taskId}`);
    const { Config } = await this.#engine.inspect(id);
    const query = new URLSearchParams({
      stdout: 'true',
      stderr: 'true',
      timestamps: 'true',
      follow: String(options.follow),
      tail: options.tail === undefined ? 'all' : String(options.tail),
      ...(options.since === undefined ? {} : { since: (options.since / 1000).toFixed(3) }),
    });
    const stream = await this.#engine.open({ method: 'GET', path: `/containers/${id}/logs?${query}` });
    const { signal } = options;
    const end = () => stream.destroy();
    signal?.addEventListener('abort', end);
    try {
      if (signal?.aborted) return;
      yield* readLogLines(stream, { taskId, tty: Config.Tty });
    } catch (error) {
      if (!signal?.aborted) throw this.#engine.translate(error);
    } finally {
      signal?.removeEventListener('abort', end);
      stream.destroy();
    }
  }

  async exec(taskId: string, command: readonly string[], { signal }: CallOptions = {}): Promise<ExecResult> {
    const id = await this.#find(taskId);
    if (id === undefined) throw new Error(`No such task: ${taskId}`);
    return runCommand(this.#engine, id, command, signal);
  }

  async children(): Promise<readonly string[]> {
    return [];
  }

  /** `{ method, path, body? }` of the engine's API; answers with the parsed body, or its text where it is no JSON. */
  async raw(request: unknown): Promise<unknown> {
    const stream = await this.#engine.open(parseRawRequest(request));
    const body = await text(stream).catch((error) => {
      throw this.#engine.translate(error);
    });
    return parseBody(body);
  }

  async close(): Promise<void> {
    for (const watching of this.#watches) watching.stop();
    await this.sandboxes.letGo();
    this.#engine.close();
  }

  /** The container of a task of ours, from memory or by its labels: no other is ever found. */
  async #find(taskId: string): Promise<string | undefined> {
    return this.#containers.get(taskId) ?? (await this.#query(taskId))[0]?.id;
  }

  async #query(taskId?: string): Promise<Found[]> {
    const containers = await this.#engine.look((docker, look) =>
      docker.listContainers({ ...look, all: true, filters: { label: filterLabels(this.#options, taskId) } }),
    );
    return containers.flatMap(({ Id: id, Labels: labels }) => {
      const owned = findTaskId(labels, this.#options);
      if (owned === undefined) return [];
      this.#containers.set(owned, id);
      const clusterId = labels[label.clusterId];
      return [{ taskId: owned, id, ...(clusterId !== undefined && { clusterId }) }];
    });
  }

  /** What is stuck is there, and that is all that is known. */
  async #lookAt({ taskId, id, clusterId }: Found): Promise<RunState | undefined> {
    try {
      return await this.#inspect(taskId, id);
    } catch (error) {
      if (!(error instanceof StuckContainerError)) throw error;
      return { taskId, runId: id, ...(clusterId !== undefined && { clusterId }), status: 'unknown' };
    }
  }

  async #inspect(taskId: string, id: string): Promise<RunState | undefined> {
    try {
      return readTask(taskId, await this.#engine.inspect(id));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      this.#containers.delete(taskId);
      return undefined;
    }
  }

  async #awaitGone(taskId: string, id: string): Promise<void> {
    const deadline = Date.now() + REMOVAL_TIMEOUT_MS;
    while ((await this.#inspect(taskId, id)) !== undefined) {
      if (Date.now() > deadline) throw new Error(`the engine is still removing container ${id}`);
      await delay(REMOVAL_POLL_MS);
    }
  }
}

/** A container with our labels on. */
interface Found {
  readonly taskId: string;
  readonly id: string;
  readonly clusterId?: string;
}

function ignoreStatus(...statuses: readonly number[]): (error: unknown) => void {
  return (error) => {
    if (!statuses.includes(statusOf(error) ?? 0)) throw error;
  };
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function parseRawRequest(request: unknown): EngineRequest {
  const { method, path, body } = (request ?? {}) as Partial<Record<string, unknown>>;
  if (typeof method !== 'string' || typeof path !== 'string' || !path.startsWith('/')) {
    throw new Error(
      'the docker backend takes { method, path, body? }, as in { "method": "GET", "path": "/version" }',
    );
  }
  return { method, path, ...(body === undefined ? {} : { body }) };
}
