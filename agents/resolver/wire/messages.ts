// From bytes to a question, and from a verdict to bytes. `dns-packet` has the wire format; here is what a server makes of
// it: what it refuses to understand, and how much fits into an answer.
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  encodingLength,
  type OptAnswer,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';

export const rcodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
} as const;

export interface Query {
  readonly id: number;
  readonly recursionDesired: number;
  readonly question: Question;
  /** What the asker takes in one datagram, when it speaks EDNS. */
  readonly edns: { readonly size: number; readonly version: number } | undefined;
}

export interface Reply {
  readonly rcode: number;
  /** Records of one size each, of which as many are told as fit. */
  readonly answers?: readonly Answer[];
  readonly isOurs?: boolean;
}

/** A short answer to what is no question of the kind that is answered here. */
export interface Rejected {
  readonly rejected: Buffer;
}

const HEADER_BYTES = 12;
const RESPONSE = 0x8000;
const OPCODE = 0x7800;
/** What passes every link in one piece (DNS flag day 2020), and what does without EDNS. */
const LARGEST_DATAGRAM = 1232;
const PLAIN_DATAGRAM = 512;
const SMALLEST_RECORD_BYTES = 16;
export const LARGEST_MESSAGE = 65_535;

/** Undefined for what must not be answered at all: an answer to an answer goes round for ever. */
export function readQuery(message: Buffer): Query | Rejected | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & RESPONSE) !== 0) return undefined;
  if ((flags & OPCODE) !== 0) return { rejected: rejectMessage(message, rcodes.notImplemented) };
  const packet = decodeMessage(message);
  const question = packet?.questions?.[0];
  const isOne = packet?.questions?.length === 1 && packet.answers?.length === 0;
  // A label that is no UTF-8 can't be given back as it came.
  if (!isOne || !question || question.name.includes('\uFFFD'))
    return { rejected: rejectMessage(message, rcodes.formatError) };
  if (question.class !== 'IN' && question.class !== 'ANY')
    return { rejected: rejectMessage(message, rcodes.refused) };
  const opt = packet.additionals!.find((one): one is OptAnswer => one.type === 'OPT');
  return {
    id: packet.id!,
    recursionDesired: flags & RECURSION_DESIRED,
    question,
    edns: opt && { size: opt.udpPayloadSize, version: opt.ednsVersion },
  };
}

function decodeMessage(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** Its header with the reason, and nothing of what could not be read. */
export function rejectMessage(message: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES);
  message.copy(reply, 0, 0, 4);
  reply.writeUInt16BE((reply.readUInt16BE(2) & (OPCODE | RECURSION_DESIRED)) | RESPONSE | rcode, 2);
  return reply;
}

/** How much of an answer to this query a datagram may hold. */
export function datagramLimit({ edns }: Query): number {
  return edns ? Math.min(Math.max(edns.size, PLAIN_DATAGRAM), LARGEST_DATAGRAM) : PLAIN_DATAGRAM;
}

/**
 * What does not fit is left out and said to be, so that the asker asks again over TCP; what TCP does not hold either is not
 * said to be missing, as there is no other way to ask.
 */
export function writeReply(
  query: Query,
  { rcode, answers = [], isOurs = false }: Reply,
  limit: number,
): Buffer {
  const packet: Packet = {
    type: 'response',
    id: query.id,
    flags: query.recursionDesired | RECURSION_AVAILABLE | (isOurs ? AUTHORITATIVE_ANSWER : 0) | rcode,
    questions: [query.question],
    answers: [...answers],
    additionals: query.edns ? [describeOurselves(0)] : [],
  };
  const fitting = countFitting(packet, limit);
  if (fitting < answers.length) {
    packet.answers = answers.slice(0, fitting);
    if (limit < LARGEST_MESSAGE) packet.flags! |= TRUNCATED_RESPONSE;
  }
  encode(packet, scratch);
  return Buffer.from(scratch.subarray(0, encode.bytes));
}

/** Written here first: the library would make a buffer of its own for each answer, which costs more than the answer. */
const scratch = Buffer.alloc(LARGEST_MESSAGE);

function countFitting(packet: Packet, limit: number): number {
  const answers = packet.answers!;
  if (answers.length === 0) return 0;
  const each = encodingLength({ answers: [answers[0]!] }) - HEADER_BYTES;
  const bare = encodingLength({ ...packet, answers: [] });
  return Math.min(answers.length, Math.max(0, Math.floor((limit - bare) / each)));
}

/** More records with addresses than fit: of a name that has ten thousand, no more need be looked at. */
export function moreThanFit(limit: number): number {
  return Math.floor(limit / SMALLEST_RECORD_BYTES) + 1;
}

/** The version of EDNS is one that nobody knows yet (RFC 6891 6.1.3). */
export function writeBadVersion(query: Query): Buffer {
  return encode({
    type: 'response',
    id: query.id,
    flags: query.recursionDesired,
    questions: [query.question],
    additionals: [describeOurselves(1)],
  });
}

function describeOurselves(extendedRcode: number): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: LARGEST_DATAGRAM,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}
