// Schedulers that work side by side begin with different nodes: each has a part of its own, and goes on to the others' when a
// node there has fewer tasks. One alone has all of them, and knows no parts.
import { addBit, createBits } from './bits.ts';
import type { Climb, Ladder } from './ladder.ts';

/** Ranks as bits. */
export interface Parts {
  readonly own: Int32Array;
  readonly others: Int32Array;
}

/** Undefined when all of them, or none, are ours. */
export function divideNodes(
  nodes: readonly { readonly id: string }[],
  isOurs: (nodeId: string) => boolean,
): Parts | undefined {
  const [own, others] = [createBits(nodes.length), createBits(nodes.length)];
  let owned = 0;
  for (const [rank, { id }] of nodes.entries()) {
    const ours = isOurs(id);
    addBit(ours ? own : others, rank);
    if (ours) owned += 1;
  }
  return owned === 0 || owned === nodes.length ? undefined : { own: own.words, others: others.words };
}

export interface PartsClimb {
  readonly ladder: Ladder;
  readonly parts: Parts | undefined;
  readonly totals: Int32Array;
  /** So many more tasks a node of ours may have than one of the others', and is still the better one. */
  readonly slack: number;
  readonly masks: readonly Int32Array[];
}

/** Up through the nodes that are in all masks: ours first, as long as no other is better by more than the slack. */
export function climbParts({ ladder, parts, totals, slack, masks }: PartsClimb): Climb {
  if (!parts) return ladder.climb(...masks);
  const own = startingWith(ladder.climb(...masks, parts.own));
  const others = startingWith(ladder.climb(...masks, parts.others));
  if (own.first < 0 || others.first < 0 || totals[own.first]! > totals[others.first]! + slack)
    return ladder.climb(...masks);
  return {
    next() {
      const rank = own.next();
      return rank < 0 ? others.next() : rank;
    },
    get steps() {
      return own.steps + others.steps;
    },
  };
}

function startingWith(climb: Climb): Climb & { readonly first: number } {
  const first = climb.next();
  let isFirst = true;
  return {
    first,
    next() {
      if (!isFirst) return climb.next();
      isFirst = false;
      return first;
    },
    get steps() {
      return climb.steps;
    },
  };
}
