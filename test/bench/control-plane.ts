// A nats-server and `muster up` on it, as a user would start them; gone when the benchmark ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeJson, intentSubject } from '@muster/events';
import { connectNats, startNatsServer } from '@muster/runtime';
import { inProject } from '../harness/root.ts';
import { atEnd } from './cleanup.ts';
import { tie } from './tie.ts';

export interface ControlPlane {
  readonly url: string;
  /** Of `muster up`. */
  readonly pid: number;
  readonly natsPid: number;
  /** Publishes an intent, of a service unless said otherwise. Resolves when it is stored. */
  intend(verb: string, name: string, body?: unknown, kind?: 'network'): Promise<void>;
  /** Before the end of the benchmark. */
  stop(): Promise<void>;
}

/** MUSTER_PROGRAM measures another build. */
const program = process.env.MUSTER_PROGRAM ?? inProject('bin', 'muster.js');

export interface ControlPlaneOptions {
  /** Of `muster up`, beside its server and its directory. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Every message is on the disk before it is acknowledged. */
  readonly syncAlways?: boolean;
}

export async function startControlPlane({
  args,
  env = {},
  syncAlways = false,
}: ControlPlaneOptions): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const server = await startNatsServer({ dir: join(dir, 'nats'), syncAlways });
  const up = ['up', '--nats', server.url, '--dir', dir, '--cluster', `bench-${process.pid}`, ...args];
  const command = [process.execPath, program, ...up];
  // Detached, so that Ctrl-C doesn't end it before its turn; tied, so that it never outlives us.
  const child = spawn(...tie(command), {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      child.kill('SIGTERM');
      await exited;
      await connection.close();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    })();
    return stopping;
  };
  const connection = await connectNats(server.url, { name: 'bench' });
  atEnd(stop);
  await Promise.race([
    new Promise<void>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => line.startsWith('Ready.') && resolve());
    }),
    exited.then(() => {
      throw new Error('muster up ended before it was ready');
    }),
  ]);
  return {
    url: server.url,
    pid: child.pid!,
    natsPid: server.pid,
    async intend(verb, name, body, kind) {
      const data = body === undefined ? new Uint8Array() : encodeJson(body);
      await connection.request(intentSubject('bench', kind ?? 'service', verb, name), data, {
        timeout: 10_000,
      });
    },
    stop,
  };
}
