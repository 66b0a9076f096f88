// How Go prints values: %v, and printf's verbs.
import { ownValue } from '../stored/own-keys.ts';

/** What templates work on: JSON, and nothing else. */
export type Value = unknown;

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMap(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's %v. A struct prints as a map, with its names. */
export function printValue(value: Value): string {
  if (value === null || value === undefined) return '<nil>';
  if (isList(value)) return `[${value.map(printValue).join(' ')}]`;
  if (isMap(value)) {
    const entries = Object.keys(value)
      .sort()
      .map((key) => `${key}:${printValue(ownValue(value, key))}`);
    return `map[${entries.join(' ')}]`;
  }
  return typeof value === 'number' ? printNumber(value) : String(value);
}

/** Go turns to exponents below 1e-4, JavaScript below 1e-6; both from 1e21 on. */
function printNumber(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return fixExponent(value.toExponential());
  return fixExponent(String(value));
}

function fixExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function nameType(value: Value): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float64';
  if (isList(value)) return '[]interface {}';
  if (isMap(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

export function formatValues(format: string, args: readonly Value[]): string {
  let used = 0;
  const text = format.replace(VERB, (_, flags: string, width: string, precision: string, verb: string) => {
    if (verb === '%') return '%';
    if (used >= args.length) return `%!${verb}(MISSING)`;
    const value = args[used++];
    const body = formatVerb(verb, value, precision === undefined ? undefined : Number(precision), flags);
    return padText(body, Number(width ?? 0), flags, typeof value === 'number');
  });
  const extra = args.slice(used);
  if (extra.length === 0) return text;
  return `${text}%!(EXTRA ${extra.map((value) => `${nameType(value)}=${printValue(value)}`).join(', ')})`;
}

function formatVerb(verb: string, value: Value, precision: number | undefined, flags: string): string {
  const cut = (text: string) => (precision === undefined ? text : [...text].slice(0, precision).join(''));
  const signed = (text: string) => (flags.includes('+') && !text.startsWith('-') ? `+${text}` : text);
  switch (verb) {
    case 'v':
      return typeof value === 'number' ? signed(printValue(value)) : printValue(value);
    case 's':
      if (typeof value === 'string') return cut(value);
      if (isList(value)) return printValue(value);
      break;
    case 'q':
      if (typeof value === 'string') return JSON.stringify(value);
      break;
    case 'd':
      if (Number.isInteger(value)) return signed(String(value));
      break;
    case 'f':
      if (typeof value === 'number') return signed(value.toFixed(precision ?? 6));
      break;
    case 't':
      if (typeof value === 'boolean') return String(value);
      break;
    case 'x':
      if (Number.isInteger(value)) return (value as number).toString(16);
      if (typeof value === 'string') return bytesOf(value).map(nameByte).join('');
      break;
  }
  return `%!${verb}(${nameType(value)}=${printValue(value)})`;
}

/** In UTF-8. */
export function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function nameByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Go's own limit: what is wider is a mistake. */
const WIDEST = 1_000_000;

function padText(text: string, width: number, flags: string, numeric: boolean): string {
  const missing = width - [...text].length;
  if (width > WIDEST) return `%!(BADWIDTH)${text}`;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0') || !numeric) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) ? text[0]! : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}
