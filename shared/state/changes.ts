// What a fold touched: how reducers learn where to look. Collected on the way, cleared by whoever has looked.

export interface Changes {
  readonly services: Set<string>;
  readonly nodes: Set<string>;
  readonly tasks: Set<string>;
}

export function createChanges(): Changes {
  return { services: new Set(), nodes: new Set(), tasks: new Set() };
}

export function clearChanges(changes: Changes): void {
  changes.services.clear();
  changes.nodes.clear();
  changes.tasks.clear();
}
