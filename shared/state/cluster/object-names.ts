// Objects of one kind that are not removed, by team and name: two teams may each have a "web". Names that differ by case
// alone are one to people and to Docker: no two are admitted, but a log may hold them from before that was so.

interface Named {
  readonly team: string;
  readonly spec: { readonly name: string };
}

export class ObjectNames<Of extends Named> {
  private readonly byKey = new Map<string, Of>();
  private readonly byFoldedKey = new Map<string, readonly Of[]>();

  get size(): number {
    return this.byKey.size;
  }

  get(team: string, name: string): Of | undefined {
    return this.byKey.get(keyName(team, name));
  }

  has(team: string, name: string): boolean {
    return this.byKey.has(keyName(team, name));
  }

  /** Whom a user means by the name: the one that is called so, or else those whose name differs by case alone. */
  meant(team: string, name: string): readonly Of[] {
    const exact = this.get(team, name);
    return exact ? [exact] : this.alike(foldName(team, name));
  }

  /** All by what `foldName` makes of both. */
  alike(foldedKey: string): readonly Of[] {
    return this.byFoldedKey.get(foldedKey) ?? [];
  }

  values(): Iterable<Of> {
    return this.byKey.values();
  }

  add(object: Of): void {
    const { team, spec } = object;
    this.byKey.set(keyName(team, spec.name), object);
    const folded = foldName(team, spec.name);
    this.byFoldedKey.set(folded, [...this.alike(folded), object]);
  }

  delete(object: Of): void {
    const { team, spec } = object;
    this.byKey.delete(keyName(team, spec.name));
    const folded = foldName(team, spec.name);
    const others = this.alike(folded).filter((other) => other !== object);
    if (others.length > 0) this.byFoldedKey.set(folded, others);
    else this.byFoldedKey.delete(folded);
  }
}

/** One word for both. No team has a slash in its name. */
export function keyName(team: string, name: string): string {
  return `${team}/${name}`;
}

/** The same for names that differ by case alone. */
export function foldName(team: string, name: string): string {
  return keyName(team, name.toLowerCase());
}
