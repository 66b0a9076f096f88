// What a fold touched: how reducers learn where to look. Collected on the way, cleared by whoever has looked.

export interface Changes {
  readonly services: Set<string>;
  readonly nodes: Set<string>;
  readonly tasks: Set<string>;
}

export function createChanges(): Changes {
  return { services: new Set(), nodes: new Set(), tasks: new Set() };
}

/** For a fold whose changes nobody looks at, as in replay: they would pile up. */
export function ignoreChanges(): Changes {
  const nothing = new Set<string>();
  nothing.add = () => nothing;
  return { services: nothing, nodes: nothing, tasks: nothing };
}

export function clearChanges(changes: Changes): void {
  changes.services.clear();
  changes.nodes.clear();
  changes.tasks.clear();
}
