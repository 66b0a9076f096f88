// The nodes by the labels that tasks are to be spread over (SwarmKit's manager/scheduler/nodeset.go, tree): a level for
// each preference, a branch for each value that occurs. Kept for preferences asked about lately.
import { type ConstrainedNode, compilePreference, type PlacementPreference } from '@muster/model';
import { hasBit } from './bits.ts';

const REMEMBERED = 16;

export interface Branch {
  readonly parent: Branch | undefined;
  /** By the values of a label; empty for a leaf. */
  readonly children: ReadonlyMap<string, Branch>;
}

export interface Tree {
  readonly root: Branch;
  /** By the ranks of the nodes. */
  readonly leaves: readonly Branch[];
}

export interface Trees {
  /** Undefined when there is nothing to spread over. `charge` is told how many nodes had to be looked at. */
  find(
    preferences: readonly PlacementPreference[] | undefined,
    charge: (steps: number) => void,
  ): Tree | undefined;
  /** A node describes itself anew. */
  update(rank: number): void;
}

type Read = (node: ConstrainedNode) => string;

export function createTrees(nodes: readonly ConstrainedNode[]): Trees {
  const known = new Map<string, Tree & { readonly reads: readonly Read[] }>();
  return {
    find(preferences, charge) {
      if (!preferences || preferences.length === 0) return undefined;
      const key = preferences.map(({ spread }) => spread.spreadDescriptor).join('\0');
      const tree = known.get(key);
      if (tree) return tree;
      const reads = preferences.flatMap((preference) => compilePreference(preference) ?? []);
      // SwarmKit passes over what it doesn't know. Admission refuses it.
      if (reads.length === 0) return undefined;
      charge(nodes.length * reads.length);
      if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
      const made = { ...growTree(nodes, reads), reads };
      known.set(key, made);
      return made;
    },
    update(rank) {
      for (const [key, { root, leaves, reads }] of known) {
        if (findLeaf(root, nodes[rank]!, reads) !== leaves[rank]) known.delete(key);
      }
    },
  };
}

/** Of nodes in the set, or of all: how many each leaf has, and how many branches with any each other branch. */
export function countIn({ leaves }: Tree, words: Int32Array | undefined): ReadonlyMap<Branch, number> {
  const counts = new Map<Branch, number>();
  for (let rank = 0; rank < leaves.length; rank += 1) {
    if (words && !hasBit(words, rank)) continue;
    let branch: Branch | undefined = leaves[rank];
    while (branch) {
      const known: number | undefined = counts.get(branch);
      counts.set(branch, (known ?? 0) + 1);
      branch = known === undefined ? branch.parent : undefined;
    }
  }
  return counts;
}

interface Growing extends Branch {
  readonly children: Map<string, Growing>;
}

function growTree(nodes: readonly ConstrainedNode[], reads: readonly Read[]): Tree {
  const root: Growing = { parent: undefined, children: new Map() };
  const leaves = nodes.map((node) => {
    let branch = root;
    for (const read of reads) {
      const value = read(node);
      let child = branch.children.get(value);
      if (!child) {
        child = { parent: branch, children: new Map() };
        branch.children.set(value, child);
      }
      branch = child;
    }
    return branch;
  });
  return { root, leaves };
}

function findLeaf(root: Branch, node: ConstrainedNode, reads: readonly Read[]): Branch | undefined {
  let branch: Branch | undefined = root;
  for (const read of reads) branch = branch?.children.get(read(node));
  return branch;
}
