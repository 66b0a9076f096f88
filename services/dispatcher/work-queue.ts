// Names of what is to be looked at, each once, first come first served. Taking one stays cheap with a million
// of them: the iterator is kept, because starting anew would step over everything taken before.

export interface WorkQueue {
  add(name: string): void;
  take(): string | undefined;
  readonly size: number;
}

export function createWorkQueue(): WorkQueue {
  const names = new Set<string>();
  let cursor = names.values();
  return {
    add: (name) => void names.add(name),
    take() {
      let next = cursor.next();
      if (next.done) {
        cursor = names.values();
        next = cursor.next();
      }
      if (next.done) return undefined;
      names.delete(next.value);
      return next.value;
    },
    get size() {
      return names.size;
    },
  };
}
