// Which nodes meet placement constraints: a bit for each node, kept for constraints asked about lately. Constraints are
// about what a node says of itself, which hardly ever changes; that of other nodes needn't be asked again then.
import { compileConstraint, type NodeTest, parseConstraint } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import { countWords } from './bits.ts';

/** Constraints, and lists of them, that are remembered: services share what they ask for. */
const REMEMBERED = 512;

export interface Masks {
  /** Undefined when every node will do. `charge` is told how many nodes and words had to be looked at. */
  find(constraints: readonly string[], charge: (steps: number) => void): Int32Array | undefined;
  /** A node describes itself anew. */
  update(rank: number): void;
}

interface Known {
  readonly test: NodeTest;
  readonly words: Int32Array;
}

export function createMasks(nodes: readonly ClusterNode[]): Masks {
  const one = new Map<string, Known>();
  const lists = new Map<string, Int32Array>();
  const size = countWords(nodes.length);

  function findOne(text: string, charge: (steps: number) => void): Known | undefined {
    const known = one.get(text);
    if (known) return known;
    const constraint = parseConstraint(text);
    if ('error' in constraint) return undefined;
    const made = { test: compileConstraint(constraint), words: new Int32Array(size) };
    for (let rank = 0; rank < nodes.length; rank += 1) {
      if (made.test(nodes[rank]!)) made.words[rank >> 5]! |= 1 << (rank & 31);
    }
    charge(nodes.length);
    remember(one, text, made);
    return made;
  }

  function findAll(constraints: readonly string[], charge: (steps: number) => void): Int32Array | undefined {
    const words = new Int32Array(size).fill(-1);
    for (const text of constraints) {
      const known = findOne(text, charge);
      // Admission refuses these. Should one get here all the same, SwarmKit goes by none of them.
      if (!known) return undefined;
      for (let word = 0; word < size; word += 1) words[word]! &= known.words[word]!;
    }
    charge(size * constraints.length);
    return words;
  }

  return {
    find(constraints, charge) {
      if (constraints.length === 0) return undefined;
      const key = constraints.join('\0');
      const known = lists.get(key);
      if (known) return known;
      const words = findAll(constraints, charge);
      if (words) remember(lists, key, words);
      return words;
    },
    update(rank) {
      const [word, bit] = [rank >> 5, 1 << (rank & 31)];
      let changed = false;
      for (const { test, words } of one.values()) {
        const before = words[word]!;
        words[word] = test(nodes[rank]!) ? before | bit : before & ~bit;
        changed ||= words[word] !== before;
      }
      if (changed) lists.clear();
    },
  };
}

/** The one asked for first is forgotten for it. */
function remember<T>(known: Map<string, T>, key: string, value: T): void {
  if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
  known.set(key, value);
}
