// Whether two JSON values are equal. Keys are data: libraries that ask an object for its `constructor` or `valueOf` ask a
// user's label of that name. What is undefined is absent, as in JSON.
import { ownValue } from './own-keys.ts';

export function equalJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && equalLists(a, b);
  const [ofA, ofB] = [a, b] as Readonly<Record<string, unknown>>[];
  const keys = presentKeys(ofA!);
  return (
    keys.length === presentKeys(ofB!).length &&
    keys.every((key) => equalJson(ownValue(ofA!, key), ownValue(ofB!, key)))
  );
}

function equalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
}

function presentKeys(object: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(object).filter((key) => ownValue(object, key) !== undefined);
}
