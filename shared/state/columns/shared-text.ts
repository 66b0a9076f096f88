// Texts that come again and again in other strings ("started"), kept once.

const known = new Map<string, string>();
const KNOWN_LIMIT = 1_000;
const LONGEST = 100;

export function shareText(text: string): string {
  const shared = known.get(text);
  if (shared !== undefined) return shared;
  if (known.size < KNOWN_LIMIT && text.length <= LONGEST) known.set(text, text);
  return text;
}
