// Who is told of the changes of one node's tasks. News come after the call that made them, never inside it; a
// hung engine keeps them back.
import type { Backend, RunState } from '../backend.ts';

export type Watcher = Parameters<Backend['watch']>[0];

export class Watchers {
  readonly #watchers = new Set<Watcher>();
  #held: (() => void)[] = [];

  add(watcher: Watcher): () => void {
    const own = { ...watcher };
    this.#watchers.add(own);
    return () => this.#watchers.delete(own);
  }

  tell(state: RunState, isHeld: boolean): void {
    for (const watcher of this.#watchers) {
      const tell = () => {
        if (this.#watchers.has(watcher)) watcher.onChange(state);
      };
      if (isHeld) this.#held.push(tell);
      else queueMicrotask(tell);
    }
  }

  release(): void {
    for (const tell of this.#held.splice(0)) queueMicrotask(tell);
  }

  /** Whoever watched must begin again. */
  lose(error: Error): void {
    this.#held = [];
    for (const watcher of this.#watchers) queueMicrotask(() => watcher.onLost(error));
    this.#watchers.clear();
  }
}
