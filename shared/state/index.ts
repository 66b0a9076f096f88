export {
  AddressSpace as HeldSpace,
  type Block,
  findPlace,
  type Place,
  type Span,
  type Vip,
} from './cluster/networks/address-space.ts';
export * from './cluster/networks/network-users.ts';
export { foldName, keyName } from './cluster/object-names.ts';
export { findPortConflict, hostPortKey, type PublishedBy } from './cluster/publishers.ts';
export type * from './cluster/readonly.ts';
export * from './cluster/services/global-service.ts';
export * from './cluster/services/outdated.ts';
export * from './cluster/services/place-name.ts';
export { placeOn } from './cluster/services/places.ts';
export * from './cluster/services/service-update.ts';
export {
  type ClusterState as FoldedState,
  createState,
  type Halt,
  type HaltingRecord,
  lastSeqOf,
} from './cluster/state.ts';
export * from './cluster/tasks/must-leave.ts';
export { TASK_HISTORY_LIMIT } from './cluster/tasks/task-history.ts';
export * from './cluster/tasks/task-standing.ts';
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
