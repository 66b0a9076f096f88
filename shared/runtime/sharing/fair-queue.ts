// Names in line, each once, of many tenants: the tenants have turns, and each one's names go first come first served.
// Taking one stays cheap with a million of them.

export interface FairQueue {
  /** Keeps its place if it is in line already. */
  add(name: string, tenant: string): void;
  take(): string | undefined;
  has(name: string): boolean;
  delete(name: string): boolean;
  names(): Iterable<string>;
  readonly size: number;
}

interface Line {
  readonly tenant: string;
  readonly names: Set<string>;
  /** Kept: starting anew would step over everything that was taken before. */
  cursor: Iterator<string>;
}

export function createFairQueue(): FairQueue {
  const tenantOf = new Map<string, string>();
  const lines = new Map<string, Line>();
  /** Those with somebody in line, by turn. A line that has run empty leaves when its turn comes. */
  let turns: Line[] = [];
  let turn = 0;

  function takeFrom(line: Line): string | undefined {
    let next = line.cursor.next();
    if (next.done) {
      line.cursor = line.names.values();
      next = line.cursor.next();
    }
    if (next.done) return undefined;
    line.names.delete(next.value);
    tenantOf.delete(next.value);
    return next.value;
  }

  function nextLine(): Line | undefined {
    if (turn >= turns.length) {
      // The end of a round: those that ran empty have left.
      for (const line of turns) if (line.names.size === 0) lines.delete(line.tenant);
      turns = turns.filter((line) => line.names.size > 0);
      turn = 0;
    }
    const line = turns[turn];
    turn += 1;
    return line;
  }

  return {
    add(name, tenant) {
      if (tenantOf.has(name)) return;
      tenantOf.set(name, tenant);
      let line = lines.get(tenant);
      if (!line) {
        const names = new Set<string>();
        line = { tenant, names, cursor: names.values() };
        lines.set(tenant, line);
        turns.push(line);
      }
      line.names.add(name);
    },
    take() {
      if (tenantOf.size === 0) return undefined;
      for (;;) {
        const line = nextLine();
        const name = line && takeFrom(line);
        if (name !== undefined) return name;
      }
    },
    has: (name) => tenantOf.has(name),
    delete(name) {
      const tenant = tenantOf.get(name);
      if (tenant === undefined) return false;
      tenantOf.delete(name);
      return lines.get(tenant)!.names.delete(name);
    },
    names: () => tenantOf.keys(),
    get size() {
      return tenantOf.size;
    },
  };
}
