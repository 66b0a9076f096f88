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
