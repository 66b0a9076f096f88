export {
  AddressSpace as HeldSpace,
  type Block,
  findPlace,
  type Place,
  type Span,
  type Vip,
} from './cluster/address-space.ts';
export * from './cluster/global-service.ts';
export * from './cluster/must-leave.ts';
export * from './cluster/network-users.ts';
export { foldName, keyName } from './cluster/object-names.ts';
export * from './cluster/outdated.ts';
export * from './cluster/place-name.ts';
export { placeOn } from './cluster/places.ts';
export { findPortConflict, hostPortKey, type PublishedBy } from './cluster/publishers.ts';
export type * from './cluster/readonly.ts';
export * from './cluster/service-update.ts';
export {
  type ClusterState as FoldedState,
  createState,
  type Halt,
  type HaltingRecord,
  lastSeqOf,
} from './cluster/state.ts';
export { TASK_HISTORY_LIMIT } from './cluster/task-history.ts';
export * from './cluster/task-standing.ts';
export * from './columns/id-map.ts';
export { atOf, Table } from './columns/pages.ts';
export * from './fold/changes.ts';
export { DIGESTS_KEPT, digestAt, isFolded } from './fold/digest.ts';
export { evolve, FOLD_VERSION } from './fold/evolve.ts';
export { undeliveredError } from './fold/evolve-node.ts';
export * from './fold/fold-record.ts';
export { awaitsAddresses } from './fold/hold-addresses.ts';
export { basisOf, type Loss } from './fold/losses.ts';
export * from './fold/voids.ts';
export * from './snapshots/capture.ts';
export * from './snapshots/hash.ts';
export * from './snapshots/rows.ts';
export * from './snapshots/snapshot.ts';
