// What others wrote, as plain text: a name or an error in the log may hold what moves a terminal's cursor, clears its
// screen, or looks like a line of ours. Pure.

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** Those that JSON lets pass. */
const CONTROL_IN_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** What moves no further than to the next line or the next column. */
const LAYOUT = new Set(['\n', '\t']);

/** On one line. */
export function plainText(text: string): string {
  return text.replace(CONTROL, escapeCharacter);
}

/** On as many lines as it has. */
export function plainLines(text: string): string {
  return text.replace(CONTROL, (character) =>
    LAYOUT.has(character) ? character : escapeCharacter(character),
  );
}

/** What a template is given: a tab, or the end of a line, is where the format has one. */
export function plainFields<Item extends Readonly<Record<string, unknown>>>(item: Item): Item {
  const plain = Object.entries(item).map(([key, value]) => [
    key,
    typeof value === 'string' ? plainText(value) : value,
  ]);
  return Object.fromEntries(plain);
}

/** JSON that means the same, and shows the same wherever it is printed. */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(CONTROL_IN_JSON, escapeCode);
}

function escapeCharacter(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return escapeCode(character);
}

function escapeCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
