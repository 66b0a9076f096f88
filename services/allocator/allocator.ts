// The allocator: gives objects what there is only once in the cluster, before tasks can be placed: each kind of object by a file of
// its own.
import { attendInTurn, lookAfter, type Reducer, type Share } from '@muster/runtime';
import { allocateServices } from './services.ts';

export interface AllocatorOptions {
  /** Which services are ours; all of them by default. */
  readonly share?: Share;
}

export function createAllocator({ share }: AllocatorOptions = {}): Reducer {
  const self = { name: 'allocator', share } as const;
  return attendInTurn(self, [lookAfter(self, allocateServices())]);
}
