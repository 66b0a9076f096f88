// How the node's part of its networks is, in figures: for metrics, and for the doctor.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Figures, NetworkPlan, Router } from '@muster/network';
import { COUNTS_FILE, findResolver, type ResolverProcessOptions } from './resolver-process.ts';

/** As its resolver counts, since that started. */
export interface NamesCounts {
  readonly queries: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly upstreamMs: number;
  readonly networks: number;
  readonly names: number;
  readonly askers: number;
  readonly broken: Readonly<Record<string, string>>;
}

export interface NetworksHealth {
  /** What the machine lacks, and how to get it; the node has no part in networks then. */
  readonly lacks: readonly string[];
  /** Why its networks are not as they are to be. */
  readonly trouble: string | undefined;
  /** What the kernel has; nothing before the first network. */
  readonly objects: Readonly<Record<string, number>>;
  readonly drops: Figures['drops'];
  readonly connections: Partial<Figures['connections']>;
  /** Whether the process that answers names is there; undefined where there is no need of one. */
  readonly resolver: boolean | undefined;
  readonly names: NamesCounts | undefined;
}

type Measured = Pick<NetworksHealth, 'drops' | 'connections' | 'resolver' | 'names'>;

export const unmeasured: Measured = { drops: {}, connections: {}, resolver: undefined, names: undefined };

export async function measure(
  router: Pick<Router, 'figures'>,
  folders: Pick<ResolverProcessOptions, 'dir' | 'namesDir'>,
): Promise<Measured> {
  const [figures, pid, names] = await Promise.all([
    router.figures(),
    findResolver(folders),
    readFile(path.join(folders.dir, COUNTS_FILE), 'utf8').then(JSON.parse, () => undefined),
  ]);
  return { ...figures, resolver: pid !== undefined, names: pid === undefined ? undefined : names };
}

export function countObjects(plan: NetworkPlan, rules: number): Record<string, number> {
  const { networks, peers, attachments, services, published } = plan;
  return {
    networks: networks.length,
    peers: peers.length,
    attachments: attachments.length,
    services: services.length,
    endpoints: services.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
    ports: published.length,
    rules,
  };
}
