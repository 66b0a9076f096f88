// What a task on networks starts in: a container that only keeps a network namespace, which is there, with all that belongs
// in it, before the task's own container is started, and as long as that may run (docs/adr/0040).
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { twinOf } from '@muster/model';
import type Docker from 'dockerode';
import { RejectedError, type Sandbox, type Sandboxes, type TaskOrder } from '../backend.ts';
import type { Engine } from './engine.ts';
import { statusOf, wordsOf } from './engine-error.ts';
import { filterLabels, label, labelSandbox, type Owner } from './labels.ts';
import { drawSandboxImage, type SandboxImage } from './sandbox-image.ts';

export interface SandboxOptions extends Owner {
  /** Where the files are that tasks see as their own; without it, no task can be on networks. */
  readonly sandboxDir?: string;
}

/** What a task's container has of its sandbox. */
export interface OpenSandbox {
  readonly containerId: string;
  readonly resolvConf: string;
  readonly hosts: string;
}

type Ordered = Pick<Sandbox, 'networks' | 'ports'>;

const NOTHING = '{"networks":[],"ports":[]}';
const TRIAL = 'trial';
/** As many characters as the engine takes of a container's id. */
const HOSTNAME_LENGTH = 12;

export class DockerSandboxes implements Sandboxes {
  readonly #engine: Engine;
  readonly #options: SandboxOptions;
  #image: Promise<SandboxImage> | undefined;
  /** By task. */
  readonly #open = new Map<string, Sandbox>();
  /** Tasks that may have one: most removals are of tasks that never had, and cost the engine no call. */
  readonly #owners = new Set<string>();
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
      await this.#close(TRIAL);
      await this.#make(TRIAL, { Hostname: TRIAL }, { networks: [], ports: [] });
      return undefined;
    } catch (error) {
      return `no container's network can be reached: ${wordsOf(error) || String(error)}`;
    } finally {
      await this.#close(TRIAL).catch(() => undefined);
    }
  }

  /** Makes it, or finds the one that is there. */
  async open({ identity, spec, ports, networks = [] }: TaskOrder): Promise<OpenSandbox> {
    const { taskId, taskName } = identity;
    const dir = this.#dirOf(taskId);
    this.#owners.add(taskId);
    const hostname = spec.containerSpec.hostname ?? taskId.slice(0, HOSTNAME_LENGTH);
    const files = { resolvConf: path.join(dir, 'resolv.conf'), hosts: path.join(dir, 'hosts') };
    await mkdir(dir, { recursive: true });
    // In place: a container that has one mounted goes on seeing it.
    await writeFile(files.resolvConf, RESOLV_CONF);
    await writeFile(
      files.hosts,
      writeHosts(
        hostname,
        networks.flatMap(({ address, subnet6 }) => [
          address,
          ...(subnet6 === undefined ? [] : [twinOf(subnet6, address)]),
        ]),
      ),
    );
    const settings = { name: `${taskName}.network`, Hostname: hostname };
    const sandbox = await this.#make(taskId, settings, { networks, ports }, identity.clusterId);
    this.#open.set(taskId, sandbox);
    return { containerId: sandbox.runId, ...files };
  }

  async find(taskId: string): Promise<Sandbox | undefined> {
    if (this.#options.sandboxDir === undefined || !(await this.#listOwners()).has(taskId)) return undefined;
    return this.#open.get(taskId) ?? (await this.#query(taskId))[0];
  }

  async list(): Promise<readonly Sandbox[]> {
    return await this.#query();
  }

  async close(taskId: string): Promise<void> {
    if (this.#options.sandboxDir === undefined) return;
    const owners = await this.#listOwners();
    if (!owners.has(taskId)) return;
    await this.#close(taskId);
    await rm(this.#dirOf(taskId), { recursive: true, force: true });
    owners.delete(taskId);
  }

  /** Those that were there before this backend are looked for once; what it has made since is in it whatever that look finds. */
  async #listOwners(): Promise<Set<string>> {
    this.#looked ??= this.#query().catch((error) => {
      this.#looked = undefined;
      throw error;
    });
    await this.#looked;
    return this.#owners;
  }

  async #make(
    taskId: string,
    settings: { readonly name?: string; readonly Hostname: string },
    order: Ordered,
    clusterId?: string,
  ): Promise<Sandbox> {
    const { name, Hostname } = settings;
    const image = await this.#prepareImage();
    const request = {
      _query: name === undefined ? {} : { name },
      _body: {
        Image: image.name,
        Hostname,
        NetworkDisabled: true,
        Labels: labelSandbox(this.#options, taskId, JSON.stringify(order), clusterId),
        HostConfig: { RestartPolicy: { Name: 'no' } },
      },
    };
    const id = await this.#engine.docker
      .createContainer(request as Docker.ContainerCreateOptions)
      .then((container) => container.id)
      .catch(async (error) => {
        if (statusOf(error) === 404) this.#image = undefined;
        if (statusOf(error) !== 409 || name === undefined) throw error;
        const found = await this.#engine.inspect(name);
        if (found.Config.Labels[label.sandbox] !== taskId) throw error;
        return found.Id;
      });
    await this.#engine.docker
      .getContainer(id)
      .start()
      .catch((error) => {
        if (statusOf(error) !== 304) throw error;
      });
    const { State } = await this.#engine.inspect(id);
    await checkReach(State.Pid, id);
    return { taskId, runId: id, ...order, netns: nameNetns(State.Pid) };
  }

  #prepareImage(): Promise<SandboxImage> {
    this.#image ??= this.#importImage().catch((error) => {
      this.#image = undefined;
      throw error;
    });
    return this.#image;
  }

  async #importImage(): Promise<SandboxImage> {
    const { docker } = this.#engine;
    const { Arch } = await this.#engine.version();
    const image = drawSandboxImage(Arch);
    if (image === undefined) throw new Error(`there are no networks for ${Arch} yet`);
    const found = await docker
      .getImage(image.name)
      .inspect()
      .then(
        () => true,
        (error) => {
          if (statusOf(error) !== 404) throw error;
          return false;
        },
      );
    if (found) return image;
    const { repo, tag, changes } = image;
    const progress = await docker.importImage(Readable.from([image.tar]), { repo, tag, changes });
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
    });
    return image;
  }

  async #query(taskId?: string): Promise<Sandbox[]> {
    const wanted = taskId === undefined ? label.sandbox : `${label.sandbox}=${taskId}`;
    const containers = await this.#engine.look((docker, look) =>
      docker.listContainers({
        ...look,
        all: true,
        filters: { label: [...filterLabels(this.#options), wanted] },
      }),
    );
    return await Promise.all(
      containers.map(async ({ Id: runId, Labels, State }) => {
        const order: Ordered = JSON.parse(Labels[label.sandboxOrder] ?? NOTHING);
        const sandbox: Sandbox = { taskId: Labels[label.sandbox]!, runId, ...order };
        this.#owners.add(sandbox.taskId);
        if (State !== 'running') return sandbox;
        const { Pid } = (await this.#engine.inspect(runId)).State;
        const whole = { ...sandbox, netns: nameNetns(Pid) };
        this.#open.set(sandbox.taskId, whole);
        return whole;
      }),
    );
  }

  async #close(taskId: string): Promise<void> {
    this.#open.delete(taskId);
    for (const { runId } of await this.#query(taskId)) {
      await this.#engine
        .call((docker) => docker.getContainer(runId).remove({ force: true, v: true }))
        .catch((error) => {
          if (![404, 409].includes(statusOf(error) ?? 0)) throw error;
        });
    }
    this.#open.delete(taskId);
  }

  #dirOf(taskId: string): string {
    const { sandboxDir } = this.#options;
    if (sandboxDir === undefined) throw new RejectedError('networks: this node has no part in any');
    return path.join(sandboxDir, taskId);
  }
}

/** The router's: it is every task's gateway. */
const RESOLV_CONF = 'nameserver 169.254.1.1\noptions ndots:0\n';

function writeHosts(hostname: string, addresses: readonly string[]): string {
  const lines = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...addresses.map((address) => `${address}\t${hostname}`),
  ];
  return `${lines.join('\n')}\n`;
}

function nameNetns(pid: number): string {
  return `/proc/${pid}/ns/net`;
}

/** The engine's pid may be another's here, where the agent sees other processes than the engine does. */
async function checkReach(pid: number, containerId: string): Promise<void> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (!groups.includes(containerId))
    throw new Error('agent and engine do not see the same processes: run the agent where the engine runs');
}
