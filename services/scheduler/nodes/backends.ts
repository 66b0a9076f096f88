// Which nodes have which backend: a bit for each node, by the kinds there are. All nodes of a cluster count, also those
// that are down: what they ran does not go to a simulator meanwhile.
import { fitBackends } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import { countWords, hasBit } from './bits.ts';

export interface Backends {
  /** Nodes that a task of this image may run on; undefined when every node will do. */
  fitFor(image: string): Int32Array | undefined;
}

export function createBackends(nodes: readonly ClusterNode[]): Backends {
  const size = countWords(nodes.length);
  const byKind = new Map<string, Int32Array>();
  for (const [rank, { description }] of nodes.entries()) {
    const { backend } = description.engine;
    const words = byKind.get(backend) ?? new Int32Array(size);
    byKind.set(backend, words);
    words[rank >> 5]! |= 1 << (rank & 31);
  }
  const kinds = new Set(byKind.keys());
  /** By the kinds in them: there are a few. */
  const sets = new Map<string, Int32Array>();

  function unite(fit: ReadonlySet<string>): Int32Array {
    const key = [...fit].join('\0');
    const known = sets.get(key);
    if (known) return known;
    const words = new Int32Array(size);
    for (const kind of fit) for (const [place, word] of byKind.get(kind)!.entries()) words[place]! |= word;
    sets.set(key, words);
    return words;
  }

  return {
    fitFor(image) {
      if (kinds.size < 2) return undefined;
      const fit = fitBackends(image, kinds);
      return fit.size === kinds.size ? undefined : unite(fit);
    },
  };
}

export function isFit(backends: Backends, image: string, rank: number): boolean {
  const fit = backends.fitFor(image);
  return !fit || hasBit(fit, rank);
}
