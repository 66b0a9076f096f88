// Sets of ranks as bits, with a second layer that tells which words hold any: many sets of many nodes can be kept,
// combined a word at a time, and walked in the order of ranks without looking at what is empty.

export interface Bits {
  readonly words: Int32Array;
  /** A bit for each word that isn't 0. */
  readonly heads: Int32Array;
}

export function createBits(size: number): Bits {
  const words = countWords(size);
  return { words: new Int32Array(words), heads: new Int32Array(countWords(words)) };
}

export function countWords(size: number): number {
  return (size + 31) >> 5;
}

export function addBit({ words, heads }: Bits, rank: number): void {
  const word = rank >> 5;
  words[word]! |= 1 << (rank & 31);
  heads[word >> 5]! |= 1 << (word & 31);
}

export function deleteBit({ words, heads }: Bits, rank: number): void {
  const word = rank >> 5;
  words[word]! &= ~(1 << (rank & 31));
  if (words[word] === 0) heads[word >> 5]! &= ~(1 << (word & 31));
}

export function hasBit(words: Int32Array, rank: number): boolean {
  return ((words[rank >> 5]! >> (rank & 31)) & 1) === 1;
}

/** Place of the lowest bit of a word that isn't 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

export function countOnes(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
