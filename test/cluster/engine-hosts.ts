// Hosts with a Docker engine each: processes, mounts and a network of their own, so that a host can be killed with all that runs in
// it, and come back with what its engine had stored.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { inProject } from '../harness/root.ts';
import type { Host } from './hosts.ts';

const run = promisify(execFile);
/** As its first process, which is the engine's script, sees the host. */
const START = 'hostname "$1" && mount -t tmpfs tmpfs /run && exec "$2"';

export interface EngineHost {
  readonly host: Host;
  readonly name: string;
  /** As DOCKER_HOST wants it. */
  readonly engine: string;
  /** Before a command that is to run there. */
  readonly via: readonly string[];
  /** dockerd is killed, its containers run on, and it is started again. */
  crashEngine(): Promise<void>;
  /** Everything that runs there is gone at once. */
  kill(): Promise<void>;
  /** It comes back, with nothing running and no network but its link. */
  startAgain(): Promise<void>;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

interface Machine {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly engine: string;
  order(word: string): Promise<void>;
}

export async function startEngineHost(host: Host): Promise<EngineHost> {
  const name = `host${host.index}`;
  // A socket's path has room for 108 characters, and what is behind the dot is the name of its control groups.
  const dir = await mkdtemp(join(tmpdir(), 'muster-engine.'));
  let machine = await boot(host, name, dir);
  await run(inProject('deploy', 'images', 'build'), {
    env: { ...process.env, DOCKER_HOST: machine.engine },
  });
  return {
    host,
    name,
    get engine() {
      return machine.engine;
    },
    get via() {
      // Which may not outlive the one before it, which stays outside.
      const enter = ['nsenter', `--target=${machine.pid}`, '--net', '--mount', '--pid', '--uts'];
      return [...enter, 'setpriv', '--pdeathsig', 'KILL'];
    },
    crashEngine: () => machine.order('crash'),
    async kill() {
      const exited = once(machine.child, 'exit');
      process.kill(machine.pid, 'SIGKILL');
      await exited;
    },
    async startAgain() {
      await resetNetwork(host);
      machine = await boot(host, name, dir);
    },
    async stop() {
      const { child } = machine;
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.stdin!.end();
        await exited;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function boot(host: Host, name: string, dir: string): Promise<Machine> {
  const own = [
    '--mount',
    '--propagation=private',
    '--uts',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const script = ['sh', '-c', START, 'host', name, inProject('deploy', 'private-engine')];
  const [program, ...args] = [...host.via, 'unshare', ...own, ...script];
  const child = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, MUSTER_ENGINE_NAMESPACE: '1', MUSTER_ENGINE_DIR: dir },
  });
  const answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const nextAnswer = async () => {
    const { value } = await answers.next();
    const [, word, rest = ''] = /^(\w+) (.*)$/.exec(value ?? '') ?? [];
    if (word !== 'ready') throw new Error(`the engine of ${name}: ${rest || 'it ended'}`);
    return rest;
  };
  const engine = await nextAnswer();
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  return {
    child,
    pid: Number(children.trim().split(' ')[0]),
    engine,
    async order(word) {
      child.stdin!.write(`${word}\n`);
      await nextAnswer();
    },
  };
}

/** A machine that was off has no rules, and no links but its own. */
async function resetNetwork({ via }: Host): Promise<void> {
  const script =
    'nft flush ruleset; for link in $(ls /sys/class/net); do case $link in lo | eth0) ;; *) ip link delete "$link" ;; esac; done';
  // Which links there are is only seen in a look at /sys of that network.
  const [program, ...args] = [
    ...via,
    'unshare',
    '--mount',
    'sh',
    '-c',
    `mount -t sysfs sysfs /sys; ${script}`,
  ];
  await run(program!, args);
}
