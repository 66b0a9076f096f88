// Services that are not removed, by team and name: two teams may each have a "web".
import type { Service } from './state.ts';

export class ServiceNames {
  private readonly byKey = new Map<string, Service>();

  get size(): number {
    return this.byKey.size;
  }

  get(team: string, name: string): Service | undefined {
    return this.at(keyName(team, name));
  }

  /** By what `keyName` makes of both. */
  at(key: string): Service | undefined {
    return this.byKey.get(key);
  }

  has(team: string, name: string): boolean {
    return this.byKey.has(keyName(team, name));
  }

  values(): Iterable<Service> {
    return this.byKey.values();
  }

  add(service: Service): void {
    this.byKey.set(keyName(service.team, service.spec.name), service);
  }

  delete(service: Service): void {
    this.byKey.delete(keyName(service.team, service.spec.name));
  }
}

/** One word for both. No team has a slash in its name. */
export function keyName(team: string, name: string): string {
  return `${team}/${name}`;
}
