import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitText, sizeOfNumber, sizeOfText } from './json-size.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
/** Every kind of character, lone halves of pairs among them. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 50 }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u0001', 'é', '茶', '🐳'), maxLength: 50 }),
);

describe('the size in a record', () => {
  it('of any text is what JSON makes of it', () => {
    fc.assert(fc.property(texts, (text) => sizeOfText(text) === bytesOf(text)));
  });

  it('of a whole number is the number of its digits', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (number) => sizeOfNumber(number) === bytesOf(number)));
    for (const edge of [0, 9, 10, 99, 100, 999_999, 1_000_000, 999_999_999_999_999])
      expect(sizeOfNumber(edge)).toBe(bytesOf(edge));
  });
});

describe('a text that has to fit', () => {
  it('is cut between characters, and never larger', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 5, max: 80 }), (text, bytes) => {
        const fitted = fitText(text, bytes);
        expect(bytesOf(fitted)).toBeLessThanOrEqual(bytes);
        if (bytesOf(text) <= bytes) expect(fitted).toBe(text);
        else expect(text.startsWith(fitted.slice(0, -1))).toBe(true);
      }),
    );
    expect(fitText('🐳🐳🐳', 13)).toBe('🐳🐳…');
    expect(fitText('🐳🐳🐳', 12)).toBe('🐳…');
  });
});
