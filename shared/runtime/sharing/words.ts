// What copies say on the bus: that they are there, which wire version they read, and who they are. Older builds take a
// word that they don't know for "here".
export type Word = 'hello' | 'here' | 'bye';

export interface Saying {
  /** A newcomer says hello, and is answered at once by everybody. */
  readonly word: Word;
  /** The newest wire version that the copy reads. */
  readonly reads: number;
  /** Who it is, for people. */
  readonly title: string;
}

export interface HeardOf extends Saying {
  readonly role: string;
  readonly copy: string;
}

export function presenceSubject(role: string, copy: string): string {
  return `muster.copy.${role}.${copy}`;
}

/** Where a copy that takes no part says that it is there: those that share work do not listen here. */
export function asideSubject(role: string, copy: string): string {
  return `${presenceSubject(role, copy)}.aside`;
}

/** Where a copy is asked whether it lives: nobody else listens there, so that the server knows when it is gone. */
export function askSubject(role: string, copy: string): string {
  return `muster.ask.${role}.${copy}`;
}

/** How far a copy has read the log, and how much it has in line. */
export interface Standing {
  readonly seq: number;
  readonly queued: number;
}

/** "at 4711, 3 queued". */
export function encodeStanding({ seq, queued }: Standing): Uint8Array {
  return utf8Encoder.encode(`at ${seq}, ${queued} queued`);
}

/** Whatever answers lives. One that says nothing of itself has something to do. */
export function readStanding(data: Uint8Array): Standing {
  const [, seq, queued] = /^at (\d{1,15}), (\d{1,15}) queued$/.exec(utf8Decoder.decode(data)) ?? [];
  return { seq: Number(seq ?? 0), queued: Number(queued ?? 1) };
}

/** Whoever hears all of them, of all roles, aside or not. */
export const ALL_COPIES = 'muster.copy.>';

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder();

/** `bye` alone is the same in every version: an older copy would take anything else for "here". */
export function encodeWord({ word, reads, title }: Saying): Uint8Array {
  return utf8Encoder.encode(word === 'bye' ? word : `${word} ${reads} ${title}`);
}

/** Anybody may say anything. A word without a number is from a build that reads version 1. */
export function readWord(data: Uint8Array): Saying {
  const [word, number, ...title] = utf8Decoder.decode(data).split(' ');
  return {
    word: word === 'hello' || word === 'bye' ? word : 'here',
    reads: /^[1-9]\d{0,8}$/.test(number ?? '') ? Number(number) : 1,
    title: title.join(' '),
  };
}

/** Undefined for what is said elsewhere. */
export function readHeard(subject: string, data: Uint8Array): HeardOf | undefined {
  const [, , role, copy, aside, ...rest] = subject.split('.');
  if (!role || !copy || (aside !== undefined && aside !== 'aside') || rest.length > 0) return undefined;
  const saying = readWord(data);
  return { ...saying, role, copy, title: saying.title === '' ? copy : saying.title };
}
