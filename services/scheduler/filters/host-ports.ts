// A port published on the node itself serves one task.
import type { Draft } from '../nodes/draft.ts';
import { countNodes, type Filter } from './filter.ts';

/** What a round gives away. */
const givenBy = new WeakMap<Draft, Set<string>>();

export const hostPortFilter: Filter = {
  name: 'host-ports',
  prepare({ hostPorts }, roster) {
    if (hostPorts.length === 0) return undefined;
    return {
      test(rank) {
        const held = roster.nodes[rank]!.hostPorts;
        const draft = roster.drafts[rank];
        const given = draft && givenBy.get(draft);
        for (const key of hostPorts) if (held.has(key) || given?.has(key)) return false;
        return true;
      },
      take(rank) {
        const draft = roster.drafts[rank]!;
        const given = givenBy.get(draft) ?? new Set();
        givenBy.set(draft, given);
        for (const key of hostPorts) given.add(key);
      },
    };
  },
  explain: (nodes) => `host-mode port already in use on ${countNodes(nodes)}`,
};
