// Lines are data, however long. A very long one is handed on in pieces, each but the last marked as open, so that a program
// which never ends its line fills no memory.

export const PIECE_BYTES = 256 * 1024;

/** How many of the bytes are whole characters of UTF-8: a piece is not to end within one. */
export function countWhole(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return wanted > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
