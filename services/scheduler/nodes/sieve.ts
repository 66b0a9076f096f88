// Nodes that are in all of some sets of bits, and what was counted of them: made of wider ones a set at a time, and kept until the bits
// of some node change.
import { countOnes } from './bits.ts';
import { type Branch, countIn, type Tree } from './trees.ts';

export class Sieve {
  private readonly narrower = new WeakMap<Int32Array, Sieve>();
  private readonly inTree = new WeakMap<Tree, ReadonlyMap<Branch, number>>();

  /** `words`: undefined for all nodes there are. `size`: how many it holds. */
  constructor(
    readonly words: Int32Array | undefined,
    readonly size: number,
  ) {}

  /** Those that are in the set as well. */
  narrow(set: Int32Array): Sieve {
    const known = this.narrower.get(set);
    if (known) return known;
    const words = this.words ? intersect(this.words, set) : set;
    const made = new Sieve(words, countAll(words));
    this.narrower.set(set, made);
    return made;
  }

  /** How many each leaf has, and how many branches with any each other branch. */
  countIn(tree: Tree): ReadonlyMap<Branch, number> {
    const counts = this.inTree.get(tree) ?? countIn(tree, this.words);
    this.inTree.set(tree, counts);
    return counts;
  }
}

function intersect(some: Int32Array, others: Int32Array): Int32Array {
  const both = new Int32Array(some.length);
  for (let word = 0; word < both.length; word += 1) both[word] = some[word]! & others[word]!;
  return both;
}

function countAll(words: Int32Array): number {
  let bits = 0;
  for (let word = 0; word < words.length; word += 1) bits += countOnes(words[word]!);
  return bits;
}
