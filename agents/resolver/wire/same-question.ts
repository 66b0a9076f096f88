// Whether a message is the answer to another: its id, and the question said again. Pure.

const HEADER_BYTES = 12;
const RESPONSE = 0x8000;

export function answersTo(query: Buffer, reply: Buffer): boolean {
  if (reply.length < HEADER_BYTES || (reply.readUInt16BE(2) & RESPONSE) === 0) return false;
  if (reply.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  // A server that could not read the question may leave it out.
  if (reply.readUInt16BE(4) === 0) return readRcode(reply) !== 0;
  const end = findQuestionEnd(query);
  if (end === undefined || reply.length < end) return false;
  const [asked, said] = [query, reply].map((message) => message.toString('latin1', HEADER_BYTES, end));
  return asked!.toLowerCase() === said!.toLowerCase();
}

export function readRcode(message: Buffer): number {
  return message.readUInt16BE(2) & 0x000f;
}

function findQuestionEnd(message: Buffer): number | undefined {
  let at = HEADER_BYTES;
  while (at < message.length && message[at] !== 0) at += message[at]! + 1;
  const end = at + 1 + 4;
  return end <= message.length ? end : undefined;
}
