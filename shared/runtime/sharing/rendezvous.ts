// Rendezvous hashing: every copy ranks all copies for a key in the same way, with nobody asked. When one comes or
// goes, only the keys that it is first for change hands.

/** The one that ranks first for the key; undefined when that is ourselves. */
export function findFirst(key: string, self: Ranked, others: readonly Ranked[]): Ranked | undefined {
  const keyHash = hashText(key);
  let first: Ranked | undefined;
  let [weight, id] = [weigh(self, keyHash), self.id];
  for (let place = 0; place < others.length; place += 1) {
    const copy = others[place]!;
    const other = weigh(copy, keyHash);
    if (other < weight || (other === weight && copy.id > id)) continue;
    [first, weight, id] = [copy, other, copy.id];
  }
  return first;
}

/** All that rank before `self` for the key, in no order. */
export function listBefore(key: string, self: Ranked, others: readonly Ranked[]): Ranked[] {
  const keyHash = hashText(key);
  const own = weigh(self, keyHash);
  return others.filter((copy) => {
    const other = weigh(copy, keyHash);
    return other > own || (other === own && copy.id < self.id);
  });
}

/**
 * Our part of these keys, as large as everybody's: an arc of the circle of their hashes. Rendezvous hashing makes parts that
 * differ by a fifth where there are a hundred keys; here, all of them change hands when a copy comes or goes.
 */
export function cutEvenly(
  keys: readonly string[],
  self: Ranked,
  others: readonly Ranked[],
): (key: string) => boolean {
  const place = others.filter(({ id }) => id < self.id).length;
  const circle = Uint32Array.from(keys, placeOf).sort();
  const cut = (after: number) =>
    circle[Math.floor((after * circle.length) / (others.length + 1))] ?? Number.POSITIVE_INFINITY;
  const [from, to] = [place === 0 ? 0 : cut(place), cut(place + 1)];
  return (key) => placeOf(key) >= from && placeOf(key) < to;
}

function placeOf(key: string): number {
  return mix(hashText(key));
}

export interface Ranked {
  readonly id: string;
  readonly hash: number;
}

export function rankedCopy(id: string): Ranked {
  return { id, hash: hashText(id) };
}

/**
 * An order of names that is the same circle for every copy, begun at another place: where all are equal, copies that take
 * some from the beginning take different ones.
 */
export function turnedOrder(copy: string): (name: string) => string {
  const origin = mix(hashText(copy));
  return (name) => ((placeOf(name) - origin) >>> 0).toString(16).padStart(8, '0');
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function weigh({ hash }: Ranked, keyHash: number): number {
  return mix(hash ^ keyHash);
}

/** The finaliser of murmur3: every bit counts for every bit. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
