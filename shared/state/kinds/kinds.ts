// Every kind of object that the state keeps, by the first word of its rows, in the order in which they are read back. Tasks and
// slots are rows of tables, and kept as these are (snapshots/rows.ts).
import type { ClusterState } from '../cluster/state.ts';
import { last, port } from './claims.ts';
import { head, losses, voided } from './head.ts';
import type { ObjectKind } from './kind.ts';
import { network } from './network.ts';
import { node, sessionsOver } from './node.ts';
import { service, version } from './service.ts';
import { intent, poison } from './waiting.ts';

const all = {
  head,
  losses,
  voided,
  node,
  sessionsOver,
  network,
  service,
  version,
  intent,
  poison,
  last,
  port,
};
export type KindName = keyof typeof all;
export const kinds: Readonly<Record<KindName, ObjectKind>> = all;
export const kindNames = Object.keys(all) as readonly KindName[];

/**
 * What is kept of each part of the state: by a kind, by the tables, in a snapshot beside them, or not at all, as it follows from
 * the rest. Nothing can be added to the state without saying so here.
 */
export type KeptBy = {
  readonly [Part in keyof ClusterState]: KindName | 'tables' | 'snapshot' | 'derived';
};
export const keptBy = {
  cluster: 'head',
  wireVersion: 'head',
  addressPools: 'head',
  tables: 'tables',
  head: 'head',
  headTime: 'head',
  digest: 'head',
  digests: 'snapshot',
  services: 'service',
  serviceByName: 'derived',
  globalServices: 'derived',
  networks: 'network',
  networkByName: 'derived',
  tasks: 'derived',
  nodes: 'node',
  removedNodes: 'node',
  sessionsOver: 'sessionsOver',
  intents: 'intent',
  poison: 'poison',
  lastSeqs: 'last',
  strangers: 'snapshot',
  publishers: 'derived',
  pickedPorts: 'port',
  conflicts: 'head',
  astray: 'head',
  losses: 'losses',
  basisOffset: 'losses',
  voids: 'derived',
  voided: 'voided',
  halted: 'head',
} as const satisfies KeptBy;
