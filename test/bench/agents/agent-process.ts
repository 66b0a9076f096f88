// `muster agent` with many simulated nodes, as a user would start it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject } from '../../harness/root.ts';
import { atEnd } from '../cleanup.ts';

export interface AgentProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** MUSTER_PROGRAM measures another build. */
const program = process.env.MUSTER_PROGRAM ?? inProject('bin', 'muster.js');

export async function startAgents(url: string, count: number): Promise<AgentProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-bench-agents-'));
  const args = ['agent', '--backend', 'simulator', '--count', String(count), '--nats', url, '--dir', dir];
  const nodeArgs = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean);
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    await rm(dir, { recursive: true, force: true });
  };
  atEnd(stop);
  return { pid: child.pid!, stop };
}
