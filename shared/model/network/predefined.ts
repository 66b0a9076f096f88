// Networks that every node has of its own: Docker's names for them, and their drivers. They are not in the log.

/** A reference to one is its name: no id is so short. */
export const predefinedDrivers = { bridge: 'bridge', host: 'host', none: 'null' } as const;
export type PredefinedNetwork = keyof typeof predefinedDrivers;

export function isPredefined(target: string): target is PredefinedNetwork {
  return Object.hasOwn(predefinedDrivers, target);
}
