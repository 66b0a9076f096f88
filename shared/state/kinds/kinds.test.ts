import {
  copyThroughSnapshot,
  createService,
  createTasks,
  joinReadyNode,
  startHistory,
} from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { type ClusterState, createState } from '../cluster/state.ts';
import { keptBy, kindNames } from './kinds.ts';

/** How much there is of a part: its size, or itself where it is no collection. */
function measure(part: unknown): unknown {
  if (typeof part === 'object' && part !== null && 'size' in part) return part.size;
  return Array.isArray(part) ? part.length : part;
}

describe('what is kept of the state', () => {
  it('is all there is', () => {
    expect(Object.keys(keptBy).sort()).toEqual(Object.keys(createState()).sort());
    const keepers = new Set<string>(Object.values(keptBy));
    // Versions are found through the tables alone.
    expect(kindNames.filter((name) => !keepers.has(name))).toEqual(['version']);
  });

  it('comes back from a snapshot, with what follows from it', () => {
    const history = startHistory({ wire: 2 });
    joinReadyNode(history, 'n1');
    joinReadyNode(history, 'n2');
    createService(history, 'everywhere', { image: 'nginx', mode: 'global' });
    createTasks(history, createService(history, 'web', { image: 'nginx' }), 3);
    history.intend('scale', 'web', { replicas: 5 });
    history.record('muster.event.scheduler.service.x', new Uint8Array([1]));
    const cause = history.intend('remove', 'n2', { force: true }, { kind: 'node' });
    history.append({ type: 'node.removed', cause, nodeId: 'n2', actor: 'ana' });
    const restored = copyThroughSnapshot(history.state);
    for (const [part, keeper] of Object.entries(keptBy)) {
      if (keeper === 'tables' || part === 'digests' || part === 'voids') continue;
      const of = (state: ClusterState) => measure(state[part as keyof ClusterState]);
      expect(of(restored), part).toEqual(of(history.state));
    }
  });
});
