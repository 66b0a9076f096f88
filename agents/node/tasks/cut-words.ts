// Words of an engine or a program go into reports, logs and answers, and may be of any length: a page of a proxy, a command
// that somebody misspelt. They are cut where they enter: how they begin and how they end says most.

/** Few enough for what a report holds of them in any script (reporter.ts). */
const MOST_CHARS = 1_300;
const HEAD_CHARS = 1_000;

export function cutWords(text: string): string {
  if (text.length <= MOST_CHARS) return text;
  const tail = text.slice(HEAD_CHARS - MOST_CHARS);
  const cut = `${text.slice(0, HEAD_CHARS)}… (${text.length} characters in all) …${tail}`;
  // No half of a character is left.
  return Buffer.from(cut).toString();
}
