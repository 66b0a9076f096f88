// The namespaces of tasks on networks. A task's own container is started as far as its gate, which is before its program: there it
// has its namespace, which is made whole while it waits (docs/adr/0043).
import { type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { type CallOptions, RejectedError, type Sandbox, type Sandboxes, type TaskOrder } from '../backend.ts';
import { untilAborted } from '../until-aborted.ts';
import { findEnginesInit } from './describe-engine.ts';
import type { Engine } from './engine.ts';
import { statusOf, wordsOf } from './engine-error.ts';
import { closeGate, GATE_TARGET, passGate, storeGate } from './gate/gate.ts';
import { explainRefusal, readTask } from './gate/held.ts';
import { drawTrialImage } from './gate/trial-image.ts';
import { filterLabels, label, type Ordered, type Owner, orderedOf } from './labels.ts';
import { writeHosts, writeResolvConf } from './name-files.ts';

export interface SandboxOptions extends Owner {
  /** Where the files are that tasks see as their own; without it, no task can be on networks. */
  readonly sandboxDir?: string;
}

/** What a container on networks is made with. */
export interface Furniture {
  readonly hostname: string;
  readonly resolvConf: string;
  readonly hosts: string;
  readonly gate: string;
  /** The engine's own init, where the task asks for one. */
  readonly init?: string;
}

interface Kept {
  readonly runId: string;
  readonly order: Ordered;
  /** Made here, and never started: only then it may be without a look. */
  isFresh: boolean;
  /** Its first process, and its namespace, which stays as long as this is open: a pid may be another's by then. */
  process?: { readonly pid: number; readonly netns: FileHandle };
}

/** What the engine is at when nobody wants it any more is usually done so soon. */
export const CANCEL_GRACE_MS = 2_000;
/** As many characters as the engine takes of a container's id. */
const HOSTNAME_LENGTH = 12;

export class DockerSandboxes implements Sandboxes {
  readonly #engine: Engine;
  readonly #options: SandboxOptions;
  #gate: Promise<string> | undefined;
  /** Containers on networks, by task: most tasks have none, and cost the engine no call. */
  readonly #kept = new Map<string, Kept>();
  /** Containers whose start is ours, and no news. */
  readonly #starting = new Set<string>();
  #looked: Promise<unknown> | undefined;

  constructor(engine: Engine, options: SandboxOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  async whyNot(): Promise<string | undefined> {
    const { address } = this.#engine;
    if (this.#options.sandboxDir === undefined)
      return 'there is no directory for what its tasks see of networks';
    if (!address.startsWith('unix://')) return `the engine at ${address} may be another machine's`;
    try {
      await this.#endTrials();
      await this.#try();
      return undefined;
    } catch (error) {
      return `no container can wait for its networks: ${wordsOf(error) || String(error)}`;
    } finally {
      await this.#endTrials().catch(() => undefined);
    }
  }

  /** Before a container on networks is made. */
  async furnish({ identity, spec, networks = [] }: TaskOrder): Promise<Furniture> {
    const { taskId } = identity;
    const dir = this.#dirOf(taskId);
    const gate = await this.#findGate();
    const init = spec.containerSpec.init ? await findEnginesInit(this.#engine) : undefined;
    const hostname = spec.containerSpec.hostname ?? taskId.slice(0, HOSTNAME_LENGTH);
    const files = { resolvConf: path.join(dir, 'resolv.conf'), hosts: path.join(dir, 'hosts') };
    await mkdir(dir, { recursive: true });
    // In place: a container that has one mounted goes on seeing it.
    await writeFile(files.resolvConf, writeResolvConf(spec.containerSpec));
    await writeFile(files.hosts, writeHosts(hostname, networks, spec.containerSpec));
    return { hostname, ...files, gate, ...(init !== undefined && { init }) };
  }

  /** It has been made. */
  note(order: TaskOrder, runId: string, isFresh: boolean): void {
    const { taskId } = order.identity;
    if (this.#kept.get(taskId)?.runId === runId) return;
    this.#kept.set(taskId, { runId, order: orderedOf(order), isFresh });
  }

  async hold(taskId: string, { signal }: CallOptions = {}): Promise<Sandbox | undefined> {
    const kept = await this.#find(taskId);
    if (kept === undefined) return undefined;
    if (kept.process === undefined && (kept.isFresh || (await this.#isMade(taskId, kept)))) {
      kept.isFresh = false;
      await this.#start(kept, signal);
    }
    await this.#enter(kept);
    return describeKept(taskId, kept);
  }

  /** Lets its program begin. Undefined for a task on no networks. */
  async release(taskId: string, options: CallOptions): Promise<boolean | undefined> {
    if ((await this.hold(taskId, options)) === undefined) return undefined;
    const { runId, process } = this.#kept.get(taskId)!;
    if (process !== undefined && (await passGate(process.pid))) return true;
    const { Path: program, State } = await this.#engine.inspect(runId);
    throw new Error(explainRefusal(program, State.ExitCode));
  }

  /** Whether a start that the engine tells of is ours; asked once for each. */
  isOurStart(runId: string): boolean {
    return this.#starting.delete(runId);
  }

  async list(): Promise<readonly Sandbox[]> {
    await this.#query();
    return await Promise.all(
      [...this.#kept].map(async ([taskId, kept]) => {
        // One that is stuck stands in nobody's way.
        await this.#enter(kept).catch(() => undefined);
        return describeKept(taskId, kept);
      }),
    );
  }

  async close(taskId: string): Promise<void> {
    const kept = await this.#find(taskId);
    if (kept === undefined) return;
    this.#kept.delete(taskId);
    if (kept.process !== undefined) {
      closeGate(kept.process.pid);
      await kept.process.netns.close();
    }
    await rm(this.#dirOf(taskId), { recursive: true, force: true });
  }

  /** Of namespaces; what waits goes on waiting. */
  async letGo(): Promise<void> {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    await Promise.all(kept.map(({ process: first }) => first?.netns.close()));
  }

  /** Those that were there before this backend are looked for once; what it has made since is in it whatever that look finds. */
  async #find(taskId: string): Promise<Kept | undefined> {
    if (this.#options.sandboxDir === undefined) return undefined;
    this.#looked ??= this.#query().catch((error) => {
      this.#looked = undefined;
      throw error;
    });
    await this.#looked;
    return this.#kept.get(taskId);
  }

  async #query(): Promise<void> {
    const containers = await this.#list(label.networks);
    for (const { Id: runId, Labels } of containers) {
      const taskId = Labels[label.taskId];
      if (taskId === undefined || this.#kept.get(taskId)?.runId === runId) continue;
      this.#kept.set(taskId, { runId, order: JSON.parse(Labels[label.networks]!), isFresh: false });
    }
  }

  #list(wanted: string): Promise<Docker.ContainerInfo[]> {
    const filters = { label: [...filterLabels(this.#options), wanted] };
    return this.#engine.look((docker, look) => docker.listContainers({ ...look, all: true, filters }));
  }

  async #isMade(taskId: string, { runId }: Kept): Promise<boolean> {
    return readTask(taskId, await this.#engine.inspect(runId)).status === 'created';
  }

  async #start({ runId }: Kept, signal: AbortSignal | undefined): Promise<void> {
    this.#starting.add(runId);
    const starting = this.#engine.call((docker) => docker.getContainer(runId).start());
    await untilAborted(starting, signal, CANCEL_GRACE_MS).catch((error) => {
      // 304: it waits there already, and nothing will be told of it.
      if (!signal?.aborted) this.#starting.delete(runId);
      if (statusOf(error) !== 304) throw error;
    });
  }

  /** The namespace of one that runs. */
  async #enter(kept: Kept): Promise<void> {
    if (kept.process !== undefined) return;
    const { Running, Pid: pid } = (await this.#engine.inspect(kept.runId)).State;
    if (!Running) return;
    const netns = await openNetns(pid, kept.runId);
    if (netns !== undefined) kept.process ??= { pid, netns };
    if (kept.process?.netns !== netns) await netns?.close();
  }

  #findGate(): Promise<string> {
    this.#gate ??= this.#engine
      .version()
      .then(({ Arch }) => storeGate(this.#options.sandboxDir!, Arch))
      .catch((error) => {
        this.#gate = undefined;
        throw error;
      });
    return this.#gate;
  }

  /** Whether a container waits where it should, and can be seen from here. */
  async #try(): Promise<void> {
    const gate = await this.#findGate();
    const image = await this.#importTrialImage();
    const { clusterName, nodeId } = this.#options;
    const request = {
      _query: {},
      _body: {
        Image: image,
        NetworkDisabled: true,
        Labels: { [label.cluster]: clusterName, [label.nodeId]: nodeId, [label.trial]: '' },
        HostConfig: { Init: true, Mounts: [mountGate(gate)], RestartPolicy: { Name: 'no' } },
      },
    };
    const container = await this.#engine.docker.createContainer(request as Docker.ContainerCreateOptions);
    await container.start();
    const { Pid: pid } = (await this.#engine.inspect(container.id)).State;
    const netns = await openNetns(pid, container.id);
    await netns?.close();
    if (netns === undefined || !(await passGate(pid)))
      throw new Error('a container that was to wait has ended');
  }

  async #importTrialImage(): Promise<string> {
    const { docker } = this.#engine;
    const { Arch } = await this.#engine.version();
    const { name, repo, tag, tar, changes } = drawTrialImage(Arch)!;
    const progress = await docker.importImage(Readable.from([tar]), { repo, tag, changes });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
    return name;
  }

  async #endTrials(): Promise<void> {
    for (const { Id } of await this.#list(label.trial)) {
      await this.#engine
        .call((docker) => docker.getContainer(Id).remove({ force: true, v: true }))
        .catch((error) => {
          if (![404, 409].includes(statusOf(error) ?? 0)) throw error;
        });
    }
  }

  #dirOf(taskId: string): string {
    const { sandboxDir } = this.#options;
    if (sandboxDir === undefined) throw new RejectedError('networks: this node has no part in any');
    return path.join(sandboxDir, taskId);
  }
}

/** In the place of the engine's init. */
export function mountGate(gate: string): Docker.MountSettings {
  return { Type: 'bind', Source: gate, Target: GATE_TARGET, ReadOnly: true };
}

function describeKept(taskId: string, { runId, order, process: first }: Kept): Sandbox {
  const netns = first && `/proc/${process.pid}/fd/${first.netns.fd}`;
  return { taskId, runId, ...order, ...(netns !== undefined && { netns }) };
}

/** Undefined when the process has ended. Its pid may be another's here, where the agent sees other processes than the engine does. */
async function openNetns(pid: number, containerId: string): Promise<FileHandle | undefined> {
  const netns = await open(`/proc/${pid}/ns/net`).catch(() => undefined);
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => undefined);
  if (netns !== undefined && groups?.includes(containerId)) return netns;
  await netns?.close();
  if (netns === undefined || groups === undefined) return undefined;
  throw new Error('agent and engine do not see the same processes: run the agent where the engine runs');
}
