// The allocator: gives objects what there is only once in the cluster: networks and services before tasks can be placed, and tasks
// their addresses after that. Each kind of object by a file of its own.
import {
  attendInTurn,
  lookAfter,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import { createGiven } from './networks/given.ts';
import { allocateNetworks } from './networks/networks.ts';
import { allocateNodes } from './networks/nodes.ts';
import { allocateServices } from './services.ts';

export interface AllocatorOptions {
  /** Which objects are ours; all of them by default. */
  readonly share?: Share;
  readonly maxRecordBytes?: RecordLimit;
}

export function createAllocator({
  share,
  maxRecordBytes = usualRecordLimit,
}: AllocatorOptions = {}): Reducer {
  const self = { name: 'allocator', share } as const;
  const given = createGiven();
  return attendInTurn(self, [
    lookAfter(self, allocateNetworks(given)),
    lookAfter(self, allocateServices(given)),
    lookAfter(self, allocateNodes(given, maxRecordBytes)),
  ]);
}
