// Chance that depends on nothing but its key: the same seed and task give the same fate, in whatever order tasks
// come. Pure.

/** A number from 0 (inclusive) to 1 (exclusive). */
export function drawChance(...key: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of key.join('\0')) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  // The finaliser of MurmurHash3: FNV alone leaves the high bits of short keys alike.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
