// What this machine lacks for networks, found by trying: a kernel's modules come when they are asked for, so a list of
// them says little. Everything is tried in a namespace that is gone with the process that tries it.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { run, SEARCH_PATH } from './kernel/run.ts';

export interface Missing {
  /** root, ip, nft, vxlan, … */
  readonly what: string;
  /** What it is, and how to get it. */
  readonly sentence: string;
}

const PROGRAMS: readonly { readonly name: string; readonly from: string }[] = [
  { name: 'ip', from: 'iproute2' },
  { name: 'bridge', from: 'iproute2' },
  { name: 'nft', from: 'nftables' },
  { name: 'conntrack', from: 'conntrack' },
  { name: 'nsenter', from: 'util-linux' },
  { name: 'unshare', from: 'util-linux' },
];

const KERNEL: readonly { readonly name: string; readonly program: 'ip' | 'nft'; readonly lines: string }[] = [
  { name: 'veth', program: 'ip', lines: 'link add try0 type veth peer name try1' },
  // Also where no network has it: what is published is reached by it.
  { name: 'IPv6', program: 'ip', lines: 'address add fd00::1/128 dev lo nodad' },
  { name: 'vxlan', program: 'ip', lines: 'link add try2 type vxlan id 1 dstport 4790' },
  {
    name: 'nf_tables',
    program: 'nft',
    lines: [
      'add table ip t',
      'add set ip t s { type ether_addr . ipv4_addr; flags interval; }',
      'add chain ip t c { type nat hook prerouting priority dstnat; }',
      'add rule ip t c fib daddr type local ct mark set 1 dnat to numgen inc mod 1 map { 0 : 10.0.0.1 }',
      'add table ip6 t',
      'add chain ip6 t c { type nat hook prerouting priority dstnat; }',
      'add rule ip6 t c fib daddr type local dnat to numgen inc mod 1 map { 0 : fd00::1 }',
    ].join('\n'),
  },
];

/** Nothing where networks can be had. Programs are looked for where they will be, unless told otherwise. */
export async function whatIsMissing(searchPath = SEARCH_PATH): Promise<Missing[]> {
  if (process.platform !== 'linux') return [{ what: 'linux', sentence: 'networks need Linux' }];
  const programs = PROGRAMS.filter(({ name }) => !isInstalled(name, searchPath)).map(({ name, from }) => ({
    what: name,
    sentence: `there is no program ${name}: install Debian's ${from}, or your system's package that has it`,
  }));
  const isRoot = process.geteuid?.() === 0;
  const root = isRoot ? [] : [{ what: 'root', sentence: 'networks need root: the agent has to run as root' }];
  return programs.length + root.length > 0 ? [...root, ...programs] : await tryKernel();
}

async function tryKernel(): Promise<Missing[]> {
  const tried = await Promise.all(
    KERNEL.map(async ({ name, program, lines }) => {
      const command = program === 'ip' ? ['ip', '-batch', '-'] : ['nft', '-f', '-'];
      const { code, stderr } = await run(undefined, ['unshare', '--net', '--', ...command], `${lines}\n`);
      const why = stderr.trim().split('\n', 1)[0];
      return code === 0
        ? []
        : [{ what: name, sentence: `this kernel does not do ${name}, or not for us: ${why}` }];
    }),
  );
  return tried.flat();
}

function isInstalled(program: string, searchPath: string): boolean {
  return searchPath.split(':').some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
