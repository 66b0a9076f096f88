// SHA-256 and CRC-32, twice: by Node's native code, and by libraries for wherever there is no Node, as in a page that folds
// a log. Which one a program gets is said by the conditions in package.json; both give the same (digests.test.ts).

export interface Digests {
  /** 64 hexadecimal digits, of a text as UTF-8. */
  sha256(text: string): string;
  /** The same, of what comes piece by piece. */
  startSha256(): Sha256;
  /** Of the data, going on from the CRC of what comes before it; 32 bits. */
  crc32(data: Uint8Array, before?: number): number;
}

export interface Sha256 {
  update(data: Uint8Array): void;
  end(): string;
}
