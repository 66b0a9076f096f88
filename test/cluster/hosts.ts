// Hosts of the test's own: network namespaces with links that can be cut, made and removed by hosts.sh, which ends when this
// process does. What is done to the network is undone by `mend`.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inProject } from '../harness/root.ts';

/** Clients and the servers among themselves. */
export const ports = { clients: 4222, routes: 6222 } as const;

export interface Host {
  readonly index: number;
  readonly address: string;
  /** Before a command that is to run there. */
  readonly via: readonly string[];
}

export interface Hosts {
  readonly all: readonly Host[];
  /** Nothing gets in or out. */
  cutLink(host: Host): Promise<void>;
  joinLink(host: Host): Promise<void>;
  /** What one sends, the other does not get; all of it, or what is about a port. */
  deafen(host: Host, to: Host, port?: number): Promise<void>;
  /** Nobody gets to a port there, nor an answer from it; not even from the host itself. */
  closePort(host: Host, port: number): Promise<void>;
  /** What it sends queues up behind so many kilobits a second. */
  slowDown(host: Host, kilobits: number): Promise<void>;
  /** So many of the packets are lost on their way in and out. */
  lose(host: Host, share: number): Promise<void>;
  mend(): Promise<void>;
  /** A small disk there. */
  addDisk(directory: string, size: string): Promise<void>;
  /** Resolves when nothing of them is left, nor of what ran there. */
  stop(): Promise<void>;
}

/** Why there can be none here; undefined when there can. */
export const noHosts = findHindrance();

function findHindrance(): string | undefined {
  const { status } = spawnSync('unshare', ['--net', 'sh', '-c', 'ip link && tc qdisc && iptables -w -L']);
  if (status === 0) return undefined;
  return 'It needs hosts of its own, which are network namespaces: root makes them, with ip, tc and iptables.';
}

export async function startHosts(count: number): Promise<Hosts> {
  const child = spawn(inProject('test', 'cluster', 'hosts.sh'), [String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  async function nextAnswer(): Promise<string> {
    const { value } = await answers.next();
    const [, word, rest = ''] = /^(\w+) ?(.*)$/.exec(value ?? '') ?? [];
    if (word !== 'ready') throw new Error(rest === '' ? 'the hosts are gone' : rest);
    return rest;
  }

  function order(...words: readonly (string | number)[]): Promise<void> {
    const answered = last.then(async () => {
      child.stdin.write(`${words.join(' ')}\n`);
      await nextAnswer();
    });
    last = answered.catch(() => undefined);
    return answered;
  }

  const [name, subnet] = (await nextAnswer()).split(' ');
  const all = Array.from({ length: count }, (_, at): Host => {
    const index = at + 1;
    return {
      index,
      address: `${subnet}.${index}`,
      via: ['nsenter', `--net=/run/netns/${name}-${index}`],
    };
  });
  const filter = (host: Host, ...rule: readonly (string | number)[]) =>
    order('on', host.index, 'iptables', '-w', '-A', ...rule, '-j', 'DROP');
  const setLink = (host: Host, state: 'up' | 'down') =>
    order('on', 0, 'ip', 'link', 'set', `host${host.index}`, state);
  const slow = new Set<Host>();

  return {
    all,
    cutLink: (host) => setLink(host, 'down'),
    joinLink: (host) => setLink(host, 'up'),
    async deafen(host, to, port) {
      const from = ['INPUT', '-s', to.address];
      if (port === undefined) return filter(host, ...from);
      await filter(host, ...from, '-p', 'tcp', '--dport', port);
      await filter(host, ...from, '-p', 'tcp', '--sport', port);
    },
    closePort: (host, port) => filter(host, 'INPUT', '-p', 'tcp', '--dport', port),
    async slowDown(host, kilobits) {
      slow.add(host);
      const limit = ['rate', `${kilobits}kbit`, 'burst', '32kbit', 'latency', '2s'];
      await order('on', host.index, 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', ...limit);
    },
    async lose(host, share) {
      const random = ['-m', 'statistic', '--mode', 'random', '--probability', share];
      await filter(host, 'INPUT', '-i', 'eth0', ...random);
      await filter(host, 'OUTPUT', '-o', 'eth0', ...random);
    },
    async mend() {
      for (const host of all) {
        await order('on', host.index, 'iptables', '-w', '-F');
        await setLink(host, 'up');
        if (slow.delete(host)) await order('on', host.index, 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root');
      }
    },
    addDisk: (directory, size) => order('disk', directory, size),
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
