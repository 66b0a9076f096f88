// How many bytes a text or a number takes in a record. Whoever lists things in an event counts what it adds, and stops
// before the log would refuse the event: so these cost next to nothing. Bytes are those of UTF-8, as JSON.stringify
// writes it.

/**
 * What an event has beside its lists and texts: the envelope, names of fields, ids, figures. Some 400 bytes; the rest is
 * for what the envelope may come to hold.
 */
export const ENVELOPE_BYTES = 1024;

/** With its quotes. */
export function sizeOfText(text: string): number {
  let size = text.length + 2;
  for (let at = 0; at < text.length; at += 1) size += surplusOf(text, at);
  return size;
}

/** Of a whole number that is not negative. */
export function sizeOfNumber(number: number): number {
  let size = 1;
  for (let rest = number; rest >= 10; rest /= 10) size += 1;
  return size;
}

/** As much of the text as takes no more than so many bytes with its quotes; a cut one ends in "…". */
export function fitText(text: string, bytes: number): string {
  if (sizeOfText(text) <= bytes) return text;
  let room = bytes - sizeOfText('…');
  let end = 0;
  while (end < text.length) {
    const step = isPair(text, end) ? 2 : 1;
    for (let at = end; at < end + step; at += 1) room -= 1 + surplusOf(text, at);
    if (room < 0) break;
    end += step;
  }
  return `${text.slice(0, end)}…`;
}

/** What the unit at this place takes beside one byte. */
function surplusOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0x20) return SHORT_ESCAPES.includes(code) ? 1 : 5;
  if (code < 0x80) return code === QUOTE || code === BACKSLASH ? 1 : 0;
  if (code < 0x800) return 1;
  if (code < 0xd800 || code > 0xdfff) return 2;
  // Two make four bytes; one alone is escaped.
  return isPair(text, at) || (at > 0 && isPair(text, at - 1)) ? 1 : 5;
}

function isPair(text: string, at: number): boolean {
  return isBetween(text.charCodeAt(at), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at + 1), 0xdc00, 0xdfff);
}

const isBetween = (code: number, first: number, last: number) => code >= first && code <= last;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** \b, \t, \n, \f and \r. */
const SHORT_ESCAPES: readonly number[] = [8, 9, 10, 12, 13];
