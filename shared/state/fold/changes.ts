// What a fold touched: how reducers learn where to look. Collected on the way, cleared by whoever has looked.
import type { Service } from '../cluster/readonly.ts';

/** Ids, to be gone through once: those of a service that changed as a whole are not found before. */
export interface ChangedTasks extends Iterable<string> {
  add(id: string): void;
  addAllOf(service: Service): void;
  clear(): void;
}

export interface Changes {
  readonly services: Set<string>;
  readonly nodes: Set<string>;
  readonly networks: Set<string>;
  /** Networks of which a node took a block. */
  readonly blocks: Set<string>;
  readonly tasks: ChangedTasks;
  /** Sequences of those that came. */
  readonly intents: Set<number>;
  readonly poison: Set<number>;
}

export function createChanges(): Changes {
  return {
    services: new Set(),
    nodes: new Set(),
    networks: new Set(),
    blocks: new Set(),
    tasks: createChangedTasks(),
    intents: new Set(),
    poison: new Set(),
  };
}

/** An id may come twice. */
function createChangedTasks(): ChangedTasks {
  const ids = new Set<string>();
  const services = new Set<Service>();
  return {
    add(id) {
      ids.add(id);
    },
    addAllOf(service) {
      services.add(service);
    },
    clear() {
      ids.clear();
      services.clear();
    },
    *[Symbol.iterator]() {
      yield* ids;
      // The rows of one that is gone may be another's by now.
      for (const service of services) if (service.tasks.size > 0) yield* service.tasks.keys();
    },
  };
}

/** For a fold whose changes nobody looks at, as in replay: they would pile up. */
export function ignoreChanges(): Changes {
  const nothing = new Set<never>();
  nothing.add = () => nothing;
  const noTasks = { ...createChangedTasks(), add: () => undefined, addAllOf: () => undefined };
  return {
    services: nothing,
    nodes: nothing,
    networks: nothing,
    blocks: nothing,
    tasks: noTasks,
    intents: nothing,
    poison: nothing,
  };
}

export function clearChanges(changes: Changes): void {
  changes.services.clear();
  changes.nodes.clear();
  changes.networks.clear();
  changes.blocks.clear();
  changes.tasks.clear();
  changes.intents.clear();
  changes.poison.clear();
}
