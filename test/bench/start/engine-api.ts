// The engine's API as the contenders use it.
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import Docker from 'dockerode';

export function connectEngine(dockerHost: string): Docker {
  const docker = new Docker({ socketPath: dockerHost.slice('unix://'.length) });
  // See agents/backends/docker/engine.ts: the client looks at this in depth at every request.
  const agent = Object.assign(new Agent({ keepAlive: true }), { [inspect.custom]: () => 'Agent' });
  (docker.modem as unknown as { agent: Agent }).agent = agent;
  return docker;
}

/** Starting is bound by the processor from 4 at once on; more than 16 gain nothing. */
export const AT_ONCE = 16;

/** Runs `work` for 0 … count - 1, so many at once. */
export async function runAtOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, AT_ONCE) }, worker));
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Asks again and again, as seldom as the precision allows. */
export async function pollUntil(isTrue: () => Promise<boolean>, everyMs: number): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, everyMs));
}
