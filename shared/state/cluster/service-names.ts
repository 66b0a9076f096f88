// Services that are not removed, by team and name: two teams may each have a "web". Names that differ by case alone are
// one to people and to Docker: no two are admitted, but a log may hold them from before that was so.
import type { Service } from './state.ts';

export class ServiceNames {
  private readonly byKey = new Map<string, Service>();
  private readonly byFoldedKey = new Map<string, readonly Service[]>();

  get size(): number {
    return this.byKey.size;
  }

  get(team: string, name: string): Service | undefined {
    return this.byKey.get(keyName(team, name));
  }

  has(team: string, name: string): boolean {
    return this.byKey.has(keyName(team, name));
  }

  /** Whom a user means by the name: the one that is called so, or else those whose name differs by case alone. */
  meant(team: string, name: string): readonly Service[] {
    const exact = this.get(team, name);
    return exact ? [exact] : this.alike(foldName(team, name));
  }

  /** All by what `foldName` makes of both. */
  alike(foldedKey: string): readonly Service[] {
    return this.byFoldedKey.get(foldedKey) ?? [];
  }

  values(): Iterable<Service> {
    return this.byKey.values();
  }

  add(service: Service): void {
    const { team, spec } = service;
    this.byKey.set(keyName(team, spec.name), service);
    const folded = foldName(team, spec.name);
    this.byFoldedKey.set(folded, [...this.alike(folded), service]);
  }

  delete(service: Service): void {
    const { team, spec } = service;
    this.byKey.delete(keyName(team, spec.name));
    const folded = foldName(team, spec.name);
    const others = this.alike(folded).filter((other) => other !== service);
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
