// The state as all see it but the fold: whoever decides only reads.

import type { TaskMap as MutableTaskMap, RowSet, ServiceSlots } from './collections.ts';
import type { AddressSpace as MutableSpace } from './networks/address-space.ts';
import type { Network as MutableNetwork } from './networks/network.ts';
import type { Publishers as MutablePublishers } from './publishers.ts';
import type { Slot as MutableSlot } from './services/slot.ts';
import type {
  ClusterNode as MutableNode,
  Service as MutableService,
  ClusterState as MutableState,
} from './state.ts';
import type { Task as MutableTask } from './tasks/task.ts';
import type { TaskVersion as MutableVersion } from './tasks/task-version.ts';

type ReadOnly<T> = T extends MutableTask
  ? Task
  : T extends MutableSlot
    ? Slot
    : T extends MutableService
      ? Service
      : T extends MutableNode
        ? ClusterNode
        : T extends MutableVersion
          ? TaskVersion
          : T extends MutableNetwork
            ? Network
            : T extends MutablePublishers
              ? Publishers
              : T extends MutableSpace
                ? AddressSpace
                : ReadOnlyCollection<T>;

type ReadOnlyCollection<T> =
  T extends RowSet<infer Row>
    ? Rows<ReadOnly<Row>>
    : T extends MutableTaskMap
      ? TaskMap
      : T extends ServiceSlots
        ? Slots
        : T extends ReadonlyMap<infer Key, infer Value>
          ? ReadonlyMap<Key, ReadOnly<Value>>
          : T extends ReadonlySet<infer Value>
            ? ReadonlySet<ReadOnly<Value>>
            : T extends readonly (infer Item)[]
              ? readonly ReadOnly<Item>[]
              : T;
type View<T> = { readonly [Key in keyof T]: ReadOnly<T[Key]> };

export interface Task extends View<MutableTask> {}
export interface Slot extends View<MutableSlot> {}
export interface Service extends View<MutableService> {}
export interface Network extends View<MutableNetwork> {}
export interface Publishers extends Pick<MutablePublishers, 'of'> {}
export interface AddressSpace
  extends Pick<
    MutableSpace,
    'subnet' | 'isIdle' | 'heldByTasks' | 'blocks' | 'blocksOf' | 'vips' | 'holderAt' | 'lastWithin'
  > {}
export interface ClusterNode extends View<MutableNode> {}
export interface TaskVersion extends View<MutableVersion> {}
export interface ClusterState extends View<MutableState> {}

/** Tasks by id. */
export interface TaskMap {
  readonly size: number;
  get(id: string): Task | undefined;
  has(id: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<Task>;
}

/** Slots by number. */
export interface Slots {
  get(number: number): Slot | undefined;
  values(): Iterable<Slot>;
}

/** An index. */
export interface Rows<Of> extends Iterable<Of> {
  readonly size: number;
  has(of: { readonly row: number }): boolean;
}
