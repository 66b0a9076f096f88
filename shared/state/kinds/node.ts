// Nodes, with those that were removed and of whose tasks some are remembered.
import { nodeDescriptionForm, readStored, type Stored } from '@muster/events';
import { makeNode, type NodeFacts } from '../cluster/state.ts';
import { defineKind, type StoredForm, younger } from './kind.ts';

type StoredNode = Omit<NodeFacts, 'storedDescription' | 'description' | 'storedSpec' | 'specSeq' | 'reads'> &
  StoredForm<'description'> & {
    readonly strays: readonly string[];
    readonly reads?: number;
    readonly spec?: Stored;
    readonly specSeq?: number;
  };

export const node = defineKind<readonly [StoredNode]>({
  *list({ tables }) {
    for (const [, { strays, storedDescription, storedSpec, specSeq, ...of }] of tables.nodes) {
      const { id, joinedAt, status, statusMessage, statusAt, session, reportedAt, reads } = of;
      const { content: description, wire } = storedDescription;
      const facts = { id, joinedAt, description, status, statusMessage, statusAt, session, reportedAt };
      yield [
        {
          ...facts,
          strays: [...strays].sort(),
          ...younger({ wire, reads }),
          ...(of.straysOmitted > 0 && { straysOmitted: of.straysOmitted }),
          ...(storedSpec && { spec: storedSpec, specSeq }),
          ...(of.evicted.size > 0 && { evicted: [...of.evicted] }),
          ...(of.removed && { removed: true }),
          ...(of.number !== undefined && { number: of.number }),
        },
      ];
    }
  },
  restore(state, [{ strays, description: content, wire = 1, ...row }], link) {
    const { reads = 1, spec: storedSpec, specSeq = 0, ...rest } = row;
    const storedDescription = { wire, content };
    const description = readStored(nodeDescriptionForm, storedDescription);
    const facts = { ...rest, reads, storedSpec, specSeq, storedDescription, description };
    const [, handle, first, last] = link(facts.id);
    const restored = makeNode(state.tables, handle, facts, strays);
    Object.assign(restored.tasks, { first, last });
    state.tables.nodes.put(handle, restored);
    (restored.removed ? state.removedNodes : state.nodes).set(restored.id, restored);
    if (restored.number !== undefined) state.tables.networks.nodeIdByNumber.set(restored.number, restored.id);
    if (!restored.removed) state.tables.backends.add(description.engine.backend);
  },
  /** And where in the tables its list of tasks begins and ends. */
  *link({ tables }) {
    for (const [handle, { id, tasks }] of tables.nodes) yield [id, handle, tasks.first, tasks.last];
  },
});

/** The last session of an agent whose node was removed. */
export const sessionsOver = defineKind<readonly [nodeId: string, session: string]>({
  list: ({ sessionsOver: over }) => [...over],
  restore({ sessionsOver: over }, [nodeId, session]) {
    over.set(nodeId, session);
  },
});
