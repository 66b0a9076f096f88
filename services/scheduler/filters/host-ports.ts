// A port published on the node itself serves one task.
import { countNodes, type Filter } from './filter.ts';

export const hostPortFilter: Filter = {
  name: 'host-ports',
  prepare({ hostPorts }, roster) {
    if (hostPorts.length === 0) return undefined;
    return {
      test(rank) {
        const held = roster.nodes[rank]!.hostPorts;
        const given = roster.drafts[rank]?.onlyOnce;
        for (const key of hostPorts) if (held.has(key) || given?.has(key)) return false;
        return true;
      },
      take(rank) {
        const draft = roster.drafts[rank]!;
        draft.onlyOnce ??= new Set();
        for (const key of hostPorts) draft.onlyOnce.add(key);
      },
    };
  },
  explain: (nodes) => `host-mode port already in use on ${countNodes(nodes)}`,
};
