// Simulated nodes in a process beside those who are measured: a child that runs this program's own `nodes`.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { tie } from './tie.ts';

export interface NodeProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface NodeProcessOptions {
  readonly url: string;
  /** Number of the first one. */
  readonly first: number;
  readonly count: number;
  readonly heartbeatMs: number;
}

const STOP_LIMIT_MS = 20_000;

/** Resolves when each of them can run tasks, as far as it knows itself. */
export async function startNodeProcess({
  url,
  first,
  count,
  heartbeatMs,
}: NodeProcessOptions): Promise<NodeProcess> {
  const flags = { nats: url, first, count, heartbeat: heartbeatMs };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawnTied([process.argv[1]!, 'nodes', ...args]);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => line === 'ready' && resolve());
    child.once('error', reject);
    void ended.then(() => reject(new Error('the simulated nodes ended before they were ready')));
  });
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(force);
    },
  };
}

/** A child of this program that says something on standard output; a signal of a terminal's doesn't reach it. */
export function spawnTied(args: readonly string[]) {
  return spawn(...tie([process.execPath, '--expose-gc', ...args]), {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
