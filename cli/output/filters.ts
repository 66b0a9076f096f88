// Docker's `--filter key=value`: values of one key are alternatives, keys must all agree.
import { ownValue } from '@muster/model';
import { usageError } from '../errors.ts';

/** For each key that there is, whether an item passes one value. */
export type FilterTests<T> = Readonly<Record<string, (item: T, value: string) => boolean>>;

export function filterItems<T>(items: readonly T[], filters: readonly string[], tests: FilterTests<T>): T[] {
  const byKey = new Map<string, string[]>();
  for (const filter of filters) {
    const at = filter.indexOf('=');
    if (at === -1)
      throw usageError(`invalid argument "${filter}" for "-f, --filter" flag: write it as key=value`);
    const key = filter.slice(0, at).trim().toLowerCase();
    if (!Object.hasOwn(tests, key)) {
      throw usageError(`invalid filter '${key}': there is ${Object.keys(tests).join(', ')}`);
    }
    byKey.set(key, [...(byKey.get(key) ?? []), filter.slice(at + 1).trim()]);
  }
  return items.filter((item) =>
    [...byKey].every(([key, values]) => values.some((value) => ownValue(tests, key)!(item, value))),
  );
}

/** `label=key` and `label=key=value`. */
export function labelMatches(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const at = filter.indexOf('=');
  if (at === -1) return Object.hasOwn(labels, filter);
  return ownValue(labels, filter.slice(0, at)) === filter.slice(at + 1);
}

/** Names are told apart without regard to case. */
export function nameStartsWith(name: string, start: string): boolean {
  return name.toLowerCase().startsWith(start.toLowerCase());
}

export function startsWith(text: string | undefined, start: string): boolean {
  return text?.startsWith(start) ?? false;
}
