// A private engine as the benchmark sees it: its API, what it says happens to containers, and the processor time that
// it uses.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { startPrivateEngine } from '../../harness/private-engine.ts';
import { atEnd } from '../cleanup.ts';
import { readChildren, readCpuSeconds } from '../processes.ts';

export interface ContainerEvent {
  readonly action: 'start' | 'die' | 'destroy';
  readonly id: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

export interface Engine {
  readonly host: string;
  readonly docker: Docker;
  /** Containers that run, and those that exist once they have been started. */
  readonly running: ReadonlySet<string>;
  readonly existing: ReadonlySet<string>;
  /** Resolves with what `look` finds, which is asked now and whenever something happens to a container. */
  until<T>(look: (latest: ContainerEvent | undefined) => T | undefined | false): Promise<T>;
  /** Resolves when all that run at the time of the call are gone. */
  untilGone(): Promise<void>;
  /** Of dockerd and containerd, so far. */
  cpuSeconds(): number;
}

const LIMIT_MS = 300_000;

// Without it Swarm asks a registry for every container, and would be measured waiting for an answer.
process.env.DOCKER_SERVICE_PREFER_OFFLINE_IMAGE = '1';

export async function startEngine(): Promise<Engine> {
  const { host, stop } = await startPrivateEngine();
  atEnd(stop);
  const docker = connect(host);
  const running = new Set<string>();
  const existing = new Set<string>();
  const lookers = new Set<(event: ContainerEvent) => void>();
  const events = await docker.getEvents({
    filters: { type: ['container'], event: ['start', 'die', 'destroy'] },
  });
  atEnd(() => (events as Readable).destroy());
  createInterface({ input: events }).on('line', (line) => {
    const { Action: action, Actor: actor, timeNano } = JSON.parse(line);
    const event: ContainerEvent = { action, id: actor.ID, at: timeNano / 1e9 };
    if (action === 'start') running.add(event.id);
    else running.delete(event.id);
    if (action === 'destroy') existing.delete(event.id);
    else existing.add(event.id);
    for (const look of [...lookers]) look(event);
  });
  const dockerd = Number(readFileSync(host.slice('unix://'.length).replace(/docker\.sock$/, 'pid'), 'utf8'));
  const engine: Engine = {
    host,
    docker,
    running,
    existing,
    until(look) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the engine took too long')), LIMIT_MS);
        const tryOnce = (event?: ContainerEvent) => {
          const found = look(event);
          if (found === undefined || found === false) return;
          clearTimeout(timer);
          lookers.delete(tryOnce);
          resolve(found);
        };
        lookers.add(tryOnce);
        tryOnce();
      });
    },
    async untilGone() {
      const left = new Set(running);
      await engine.until((event) => {
        if (event?.action === 'destroy') left.delete(event.id);
        return left.size === 0;
      });
    },
    cpuSeconds: () => [dockerd, ...readChildren(dockerd)].reduce((sum, pid) => sum + readCpuSeconds(pid), 0),
  };
  return engine;
}

function connect(host: string): Docker {
  const docker = new Docker({ socketPath: host.slice('unix://'.length) });
  // As agents/backends/docker/engine.ts does, which says why: raw is to be the same client at its best.
  const agent = Object.assign(new Agent({ keepAlive: true }), { [inspect.custom]: () => 'Agent' });
  (docker.modem as unknown as { agent: Agent }).agent = agent;
  return docker;
}
