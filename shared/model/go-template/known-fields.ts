// What a template may ask of an object beyond what is printed of it.

const userMaps = new WeakSet<object>();

/** A map whose keys are a user's, such as labels: one that is not there is no mistake, and is Go's `<no value>`. */
export function userMap<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const copy = { ...map };
  userMaps.add(copy);
  return copy;
}

export function isUserMap(value: object): boolean {
  return userMaps.has(value);
}

/** Fields that are left out of the JSON while they are empty. Templates find them, and nobody else does. */
export function withOmitted<T extends object>(object: T, omitted: Readonly<Record<string, unknown>>): T {
  for (const [name, value] of Object.entries(omitted))
    if (!Object.hasOwn(object, name)) Object.defineProperty(object, name, { value, enumerable: false });
  return object;
}
