// The functions of text/template. `and` and `or` are the evaluator's: they do
// not evaluate what they needn't.

import { equalJson } from '../stored/equal-json.ts';
import { ownValue } from '../stored/own-keys.ts';
import { bytesOf, formatValues, isList, isMap, printValue, type Value } from './print.ts';

export type TemplateFunction = (...args: readonly Value[]) => Value;

/** As Go's sprint: a space between operands when neither is a string. */
function joinPrinted(args: readonly Value[]): string {
  return args.reduce<string>((text, value, index) => {
    const space = index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string' ? ' ' : '';
    return text + space + printValue(value);
  }, '');
}

export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function kindOf(value: Value): string {
  return value === null || value === undefined ? 'nil' : isList(value) ? 'list' : typeof value;
}

function equal(a: Value, b: Value): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null);
  if (kindOf(a) !== kindOf(b)) throw new Error('incompatible types for comparison');
  return equalJson(a, b);
}

function less(a: Value, b: Value): boolean {
  const comparable = (kindOf(a) === 'number' || kindOf(a) === 'string') && kindOf(a) === kindOf(b);
  if (!comparable) throw new Error('incompatible types for comparison');
  return (a as number) < (b as number);
}

export function text(value: Value): string {
  if (typeof value !== 'string')
    throw new Error(`wrong type for value; expected string; got ${kindOf(value)}`);
  return value;
}

export function whole(value: Value): number {
  if (!Number.isInteger(value)) throw new Error(`wrong type for value; expected int; got ${kindOf(value)}`);
  return value as number;
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return bytesOf(value).length;
  if (isList(value)) return value.length;
  if (isMap(value)) return Object.keys(value).length;
  throw new Error(`len of type ${kindOf(value)}`);
}

function indexInto(of: Value, key: Value): Value {
  if (of === null || of === undefined) throw new Error('index of untyped nil');
  if (isMap(of)) return ownValue(of, text(key));
  if (!isList(of) && typeof of !== 'string') throw new Error(`can't index item of type ${kindOf(of)}`);
  const at = whole(key);
  if (at < 0 || at >= of.length) throw new Error(`index out of range: ${at}`);
  return typeof of === 'string' ? bytesOf(of)[at] : of[at];
}

function cut(of: Value, ...bounds: readonly Value[]): Value {
  if (!isList(of) && typeof of !== 'string') throw new Error(`can't slice item of type ${kindOf(of)}`);
  const [from = 0, to = of.length] = bounds.map(whole);
  if (from < 0 || to > of.length || from > to) throw new Error(`slice bounds out of range [${from}:${to}]`);
  return of.slice(from, to);
}

function eq(first: Value, ...others: readonly Value[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => equal(first, other));
}

export const functions: Readonly<Record<string, TemplateFunction>> = {
  not: (value) => !isTrue(value),
  eq,
  ne: (a, b) => !equal(a, b),
  lt: less,
  le: (a, b) => less(a, b) || equal(a, b),
  gt: (a, b) => !less(a, b) && !equal(a, b),
  ge: (a, b) => !less(a, b),
  len: lengthOf,
  index: (of, ...keys) => keys.reduce(indexInto, of),
  slice: cut,
  print: (...args) => joinPrinted(args),
  println: (...args) => `${args.map(printValue).join(' ')}\n`,
  printf: (format, ...args) => formatValues(text(format), args),
};

/** How many arguments each takes, where that is fixed. */
export const arity: Readonly<Record<string, number>> = {
  not: 1,
  ne: 2,
  lt: 2,
  le: 2,
  gt: 2,
  ge: 2,
  len: 1,
};
