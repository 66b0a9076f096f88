// Gives a node's tasks addresses of one network: out of the blocks that the node has there, and then of another that it takes.
// Nobody else gives any of a block's addresses, so copies can meet over blocks alone; and where a node begins to look for one
// follows from its number, which no other has.
import { addressAt, blockAt, formatAddress, formatBlock } from '@muster/model';
import { type AddressSpace, type ClusterNode, HeldSpace, type Network, type Span } from '@muster/state';
import { findSpan, powerUpTo } from './find-span.ts';
import { type Given, lastTaken } from './given.ts';
import { placeOf } from './place-of.ts';
import { findUsable, type Usable } from './usable.ts';

export interface Giver {
  /** Undefined when there is none left. */
  give(taskId: string): Gift | undefined;
  /** Blocks that were taken for it. */
  listBlocks(): string[];
}

export interface Gift {
  readonly address: string;
  takeBack(): void;
}

export interface Need {
  readonly given: Given;
  /** Nodes that may come to want as much. */
  readonly nodes: number;
  /** Addresses wanted now. */
  readonly wanted: number;
}

interface Part {
  readonly space: AddressSpace;
  /** What is taken of it here. */
  readonly own: HeldSpace;
  readonly usable: Usable;
}

interface OpenBlock extends Part {
  readonly span: Span;
  readonly given: Set<number>;
}

export function createGiver(network: Network, node: ClusterNode, { given, nodes, wanted }: Need): Giver {
  const parts = network.spaces.map((space, index) => ({
    space,
    own: new HeldSpace(space.subnet),
    usable: findUsable(network, space, index),
  }));
  /** Those that have room, as far as is known. */
  let open = parts.flatMap((part) => listOwn(part, node.id, given));
  const taken: OpenBlock[] = [];
  let left = wanted;
  let isExhausted = false;

  function give(taskId: string): Gift | undefined {
    for (const block of open) {
      const place = findAddress(block, taskId);
      if (place !== undefined) return giveOut(block, place);
      open = open.filter((other) => other !== block);
    }
    const block = isExhausted ? undefined : openAnother();
    if (!block) {
      isExhausted = true;
      return undefined;
    }
    open = [block];
    block.own.takeBlock(block.span, node.id);
    taken.push(block);
    return give(taskId);
  }

  function giveOut(block: OpenBlock, place: number): Gift {
    if (!block.own.lastWithin(block.span)) block.own.takeBlock(block.span, node.id);
    block.given.add(place);
    left -= 1;
    return {
      address: formatAddress(addressAt(block.space.subnet, place)),
      takeBack() {
        block.given.delete(place);
        left += 1;
        if (!open.includes(block)) open.push(block);
      },
    };
  }

  function openAnother(): OpenBlock | undefined {
    const possible = parts.filter(({ space }) => !given.isFull(space));
    for (const idleToo of [true, false]) {
      for (const part of possible) {
        const span = findBlock(part, idleToo);
        if (span) return { ...part, span, given: new Set() };
      }
    }
    // Whoever asks next in this round need not look for himself; but what is taken here may come to nothing.
    for (const { space, own } of possible) if (own.blocksOf(node.id).length === 0) given.noteFull(space);
    return undefined;
  }

  function findBlock({ space, own, usable }: Part, idleToo: boolean): Span | undefined {
    const { count, forBlocks, whole, isUseless } = usable;
    const blocks = [...space.blocksOf(node.id), ...own.blocksOf(node.id)];
    const isTaken = lastTaken(space, [given.of(space), own], idleToo);
    const largest = powerUpTo(whole.end - whole.first);
    const wish = Math.max(powerUpTo(left), chooseSize(count / nodes, sizeOf(blocks)));
    for (let size = Math.min(largest, wish); size >= 1; size /= 2) {
      for (const window of [forBlocks, whole]) {
        const places = Math.max(1, Math.floor((window.end - window.first) / size));
        const from = window.first + size * ((node.handle - 1 + blocks.length * nodes) % places);
        const found = findSpan(size, window, from, (span) => (isUseless(span) ? span : isTaken(span)));
        if (found) return found;
      }
    }
    return undefined;
  }

  return {
    give,
    listBlocks: () =>
      taken
        .filter(({ given }) => given.size > 0)
        .map(({ space, span }) => formatBlock(blockAt(space.subnet, span.start, span.size))),
  };
}

/**
 * Half of what would be its share if all nodes came to want as much, so that it is there for its next tasks. What it has beyond
 * its share it takes by and by: others may want it.
 */
function chooseSize(share: number, has: number): number {
  const half = powerUpTo(share / 2);
  return has + half <= share ? half : Math.max(1, half / 8);
}

function sizeOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { size }) => sum + size, 0);
}

/** Those that have room and that nobody was given meanwhile. */
function listOwn(part: Part, nodeId: string, given: Given): OpenBlock[] {
  const { space } = part;
  return space
    .blocksOf(nodeId)
    .filter((block) => block.held < block.size && !given.of(space)?.lastWithin(block))
    .map((span) => ({ ...part, span, given: new Set() }));
}

/** One that was just given back is seldom the next one given out. */
function findAddress({ space, usable, span, given }: OpenBlock, taskId: string): number | undefined {
  const { start, size } = span;
  const isTaken = (place: number) =>
    usable.isReserved(place) || given.has(place) || space.holderAt(place) !== undefined;
  const from = start + placeOf(size, taskId);
  return findSpan(1, { first: start, end: start + size }, from, (one) =>
    isTaken(one.start) ? one : undefined,
  )?.start;
}
