// The engine's multiplexed streams: an 8-byte header (stream, three zeros, big-endian length), then the payload.
// Pure, but for reading its source.

export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly payload: Buffer;
}

const HEADER_BYTES = 8;
/** 0 is stdin and 1 stdout; 2 is stderr and 3 the engine's own errors. */
const FIRST_ERROR_STREAM = 2;

export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let pending: Buffer[] = [];
  let available = 0;
  let wanted = HEADER_BYTES;
  for await (const chunk of source) {
    pending.push(chunk);
    available += chunk.length;
    if (available < wanted) continue;
    let buffer = Buffer.concat(pending);
    while (buffer.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + buffer.readUInt32BE(4);
      if (buffer.length < end) break;
      const stream = buffer[0]! >= FIRST_ERROR_STREAM ? 'stderr' : 'stdout';
      yield { stream, payload: buffer.subarray(HEADER_BYTES, end) };
      buffer = buffer.subarray(end);
    }
    pending = [buffer];
    available = buffer.length;
    wanted = available < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + buffer.readUInt32BE(4);
  }
}
