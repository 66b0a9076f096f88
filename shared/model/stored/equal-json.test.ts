import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { equalJson } from './equal-json.ts';

const key = fc.oneof(
  fc.constantFrom('constructor', 'valueOf', 'toString', '__proto__', 'a', 'b'),
  fc.string(),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, 1, '', 'x'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3 }),
  ),
})).value;

it('says what Node says of JSON values, whatever their keys', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const read = JSON.parse(JSON.stringify(a));
      expect(equalJson(a, read)).toBe(true);
      expect(equalJson(read, b)).toBe(isDeepStrictEqual(read, JSON.parse(JSON.stringify(b))));
    }),
  );
});

it('takes what is undefined for absent', () => {
  expect(equalJson({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(equalJson({ a: undefined }, { b: undefined })).toBe(true);
  expect(equalJson({ a: undefined }, { a: null })).toBe(false);
});
