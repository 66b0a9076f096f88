// Messages on a TCP connection: two bytes of length before each (RFC 1035 4.2.2). Pure.

export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2);
  framed.writeUInt16BE(message.length, 0);
  message.copy(framed, 2);
  return framed;
}

/** Takes what comes, in whatever pieces, and tells each whole message. */
export function createFrames(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= 2) {
      const end = 2 + held.readUInt16BE(0);
      if (held.length < end) return;
      const message = held.subarray(2, end);
      held = held.subarray(end);
      onMessage(message);
    }
  };
}
