// A node and a container of it, as the kernel has them: two network namespaces and a link; the container has a resolv.conf of its
// own. They go with the processes that hold them.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Hosts {
  /** What starts a command on the node. */
  readonly onNode: readonly string[];
  /** A command in the container, run to its end. */
  run(command: readonly string[], timeoutMs?: number): Promise<{ code: number; output: string; ms: number }>;
  setResolvConf(text: string): Promise<void>;
  end(): Promise<void>;
}

export const RESOLVER = '10.0.3.1';
export const CONTAINER = '10.0.3.7';

export function canMakeHosts(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--net', '--mount', 'ip', 'link']).status === 0;
}

export const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

export async function makeHosts(folder: string): Promise<Hosts> {
  const [node, container] = [hold(), hold()];
  const resolvConf = join(folder, 'resolv.conf');
  await writeFile(resolvConf, '');
  const inside = (pid: number) => ['nsenter', '-t', String(pid), '-n', '-m'];
  const [onNode, inContainer] = [inside(node.pid!), inside(container.pid!)];
  // Until the holders are in namespaces of their own.
  await Promise.all([node, container].map((one) => once(one.stdout!, 'data')));
  const pids = { node: String(node.pid), container: String(container.pid) };
  await call('ip', [
    'link',
    'add',
    'mn0',
    'netns',
    pids.node,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    pids.container,
  ]);
  for (const [via, link, address] of [
    [onNode, 'mn0', `${RESOLVER}/24`],
    [inContainer, 'eth0', `${CONTAINER}/24`],
  ] as const) {
    const [first, ...rest] = via;
    for (const words of [`link set lo up`, `addr add ${address} dev ${link}`, `link set ${link} up`])
      await call(first!, [...rest, 'ip', ...words.split(' ')]);
  }
  await call(inContainer[0]!, [...inContainer.slice(1), 'mount', '--bind', resolvConf, '/etc/resolv.conf']);
  return {
    onNode,
    async run(command, timeoutMs = 20_000) {
      const [first, ...rest] = [...inContainer, ...command];
      const began = performance.now();
      const { code, output } = await outcomeOf(first!, rest, timeoutMs);
      return { code, output, ms: performance.now() - began };
    },
    // In place: what is mounted is this very file.
    setResolvConf: (text) => writeFile(resolvConf, text),
    async end() {
      for (const holder of [node, container]) {
        holder.kill('SIGKILL');
        if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit');
      }
    },
  };
}

function hold() {
  const command = ['unshare', '--net', '--mount', 'sh', '-c', 'echo; exec sleep infinity'];
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function call(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await outcomeOf(command, args, 10_000);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
}

function outcomeOf(command: string, args: readonly string[], timeoutMs: number) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    execFile(command, [...args], { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
        output: stdout + stderr,
      }),
    );
  });
}
