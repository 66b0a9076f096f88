// What a node's kernel counts of its networks.
import { type Netns, run } from '../kernel/run.ts';
import type { TableName } from '../rules/table.ts';

export interface Figures {
  /** Packets that rules of ours have dropped or refused, by the counter's name, since the figures began. */
  readonly drops: Readonly<Record<string, number>>;
  /** Connections that are tracked, and how many may be: of the router, and of the host. */
  readonly connections: Readonly<Record<'router' | 'host', Connections | undefined>>;
}

export interface Connections {
  readonly used: number;
  readonly limit: number;
}

export interface CountedTable extends TableName {
  readonly netns: Netns;
}

/** A table that is written anew counts from nothing again: what was counted before is kept. */
export function createDropCounts(): (tables: readonly CountedTable[]) => Promise<Record<string, number>> {
  const kept = new Map<string, number>();
  const last = new Map<string, number>();
  return async (tables) => {
    for (const one of tables)
      for (const [name, packets] of await readCounters(one)) {
        const place = `${one.family} ${one.name} ${name}`;
        const before = last.get(place) ?? 0;
        kept.set(name, (kept.get(name) ?? 0) + (packets < before ? packets : packets - before));
        last.set(place, packets);
      }
    return Object.fromEntries(kept);
  };
}

async function readCounters({ netns, family, name: table }: CountedTable): Promise<Map<string, number>> {
  const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'counters', 'table', family, table]);
  if (code !== 0) return new Map();
  const listed: { counter?: { name: string; packets: number } }[] = JSON.parse(stdout).nftables;
  return new Map(listed.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : [])));
}

/** Undefined where the kernel does not say. */
export async function readConnections(netns: Netns): Promise<Connections | undefined> {
  const files = ['count', 'max'].map((name) => `/proc/sys/net/netfilter/nf_conntrack_${name}`);
  const { code, stdout } = await run(netns, ['cat', ...files]);
  const [used, limit] = stdout.trim().split('\n').map(Number);
  return code === 0 && limit !== undefined ? { used: used!, limit } : undefined;
}
