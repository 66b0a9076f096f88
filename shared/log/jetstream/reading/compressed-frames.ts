// Chunks as one stream of bytes, each compressed and preceded by its length, and back. The compressing is done by
// other threads.
import { promisify } from 'node:util';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';

const LENGTH_BYTES = 4;
const compress = promisify(deflateRaw) as (data: Uint8Array, options: { level: number }) => Promise<Buffer>;
const decompress = promisify(inflateRaw) as (data: Uint8Array) => Promise<Buffer>;

export async function* frameChunks(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const packed = await compress(chunk, { level: constants.Z_BEST_SPEED });
    const frame = Buffer.allocUnsafe(LENGTH_BYTES + packed.length);
    frame.writeUInt32LE(packed.length);
    packed.copy(frame, LENGTH_BYTES);
    yield frame;
  }
}

/** The bytes may come in pieces of any size. */
export async function* unframeChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let needed = LENGTH_BYTES;
  for await (const piece of bytes) {
    pieces.push(piece);
    size += piece.length;
    if (size < needed) continue;
    let rest = Buffer.concat(pieces, size);
    for (;;) {
      needed = rest.length < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + rest.readUInt32LE();
      if (rest.length < needed || needed === LENGTH_BYTES) break;
      yield await decompress(rest.subarray(LENGTH_BYTES, needed));
      rest = rest.subarray(needed);
    }
    pieces = [rest];
    size = rest.length;
  }
  if (size > 0) throw new Error('the last chunk is cut off');
}
