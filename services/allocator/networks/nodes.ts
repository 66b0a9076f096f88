// Nodes: one that can be on networks is given a number, and the tasks that were given to it are given addresses, if they are on
// networks. It is looked at until they have them, or were told why not.
import type { LookedAfter, RecordLimit } from '@muster/runtime';
import type { ClusterState } from '@muster/state';
import { allocateNode } from './allocate-node.ts';
import type { Given } from './given.ts';
import { lacksNumber } from './node-number.ts';

export function allocateNodes(given: Given, maxRecordBytes: RecordLimit): LookedAfter {
  let known: ClusterState;
  return {
    name: 'nodes',
    subject: 'node',
    perRound: 512,
    *concerned(state, changes) {
      const { waiting } = state.tables.networks;
      for (const id of changes.nodes) {
        const node = state.nodes.get(id);
        if (waiting.has(id) || (node && lacksNumber(state, node))) yield id;
      }
      if (waiting.size === 0) return;
      // Something was given back, which may be what others wait for.
      for (const _ of changes.networks) {
        yield* waiting.keys();
        return;
      }
    },
    look(state, id) {
      known = state;
      const node = state.nodes.get(id);
      return node && { event: allocateNode(state, node, given, maxRecordBytes()) };
    },
    beginRound: () => given.clear(),
    give: (event) => given.note(known, event),
  };
}
