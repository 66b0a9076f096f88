// Nodes that are in all of some sets of bits, and what was counted of them: made of wider ones a set at a time, and kept until the bits
// of some node change. Most are asked for once, so they are cheap to make.
import { countOnes } from './bits.ts';
import { type Branch, countIn, type Tree } from './trees.ts';

export class Sieve {
  private narrower: WeakMap<Int32Array, Sieve> | undefined;
  private inTree: WeakMap<Tree, ReadonlyMap<Branch, number>> | undefined;

  /** `sets`: none for all nodes there are. `size`: how many it holds. */
  constructor(
    readonly sets: readonly Int32Array[],
    readonly size: number,
  ) {}

  /** Those that are in the set as well. */
  narrow(set: Int32Array): Sieve {
    this.narrower ??= new WeakMap();
    const known = this.narrower.get(set);
    if (known) return known;
    const made = new Sieve([...this.sets, set], countCommon(set, this.sets));
    this.narrower.set(set, made);
    return made;
  }

  /** How many each leaf has, and how many branches with any each other branch. */
  countIn(tree: Tree): ReadonlyMap<Branch, number> {
    this.inTree ??= new WeakMap();
    const counts = this.inTree.get(tree) ?? countIn(tree, this.sets);
    this.inTree.set(tree, counts);
    return counts;
  }
}

function countCommon(set: Int32Array, others: readonly Int32Array[]): number {
  const [other = set, ...more] = others;
  let nodes = 0;
  for (let word = 0; word < set.length; word += 1) {
    let bits = set[word]! & other[word]!;
    if (bits === 0) continue;
    for (let place = 0; place < more.length; place += 1) bits &= more[place]![word]!;
    nodes += countOnes(bits);
  }
  return nodes;
}
