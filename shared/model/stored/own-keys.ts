// Maps whose keys anybody may choose: "constructor" and "__proto__" are keys like any other.

/** What stands under the key itself, and not what every object has. */
export function ownValue<Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** As an assignment does, which would take `__proto__` for something else. */
export function setOwn<Value>(map: Record<string, Value>, key: string, value: Value): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

/**
 * The schema library leaves a key called `__proto__` out of every map that it reads, as it can't be assigned to. Puts
 * those back that are texts, as in every map that there is; what it has refused is not here.
 */
export function restoreProtoKeys<Content>(parsed: Content, given: unknown): Content {
  if (!isMap(parsed) || !isMap(given)) return parsed;
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (key !== PROTO) restoreProtoKeys(ownValue(parsed, key), value);
    else if (typeof value === 'string') setOwn<unknown>(parsed, key, value);
  }
  return parsed;
}

const PROTO = '__proto__';

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
