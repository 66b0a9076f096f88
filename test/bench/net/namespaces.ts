// Network namespaces that a benchmark's process keeps, and what is run in them.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { atEnd } from '../cleanup.ts';

export interface Namespace {
  readonly path: string;
  /** Runs a shell's lines there, and gives what they print. */
  run(script: string): Promise<string>;
  /** Starts what is to stay until the end. */
  keep(command: readonly string[]): Promise<void>;
}

const POLL_MS = 5;

export async function makeNamespace(): Promise<Namespace> {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  await endLater(holder);
  const path = `/proc/${holder.pid}/ns/net`;
  // Until it has one of its own, it has ours.
  while (readlinkSync(path) === readlinkSync('/proc/self/ns/net')) await delay(POLL_MS);
  const namespace: Namespace = {
    path,
    run: async (script) => await runIn(path, script),
    keep: async (command) => {
      await endLater(spawn('nsenter', [`--net=${path}`, ...command], { stdio: 'ignore' }));
    },
  };
  await namespace.run('ip link set lo up');
  return namespace;
}

/** A veth from one to the other, each end with its address. */
export async function join(
  one: Namespace,
  other: Namespace,
  [address, otherAddress]: readonly [string, string],
): Promise<void> {
  await one.run(
    `ip link add eth0 type veth peer name eth0 netns ${other.path} && ip address add ${address}/24 dev eth0 && ip link set eth0 up`,
  );
  await other.run(`ip address add ${otherAddress}/24 dev eth0 && ip link set eth0 up`);
}

async function endLater(child: ChildProcess): Promise<void> {
  await once(child, 'spawn');
  atEnd(() => child.kill('SIGKILL'));
}

async function runIn(path: string, script: string): Promise<string> {
  const child = spawn('nsenter', [`--net=${path}`, 'sh', '-ec', script]);
  const said: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${script}: ${said.stderr}${said.stdout}`);
  return said.stdout;
}
