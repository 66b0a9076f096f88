import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as anywhere from './anywhere.ts';
import * as node from './node.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

it('are what the world calls SHA-256 and CRC-32', () => {
  for (const { sha256, crc32 } of [node, anywhere]) {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  }
});

it('are the same by native code and anywhere', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), bytes, bytes, fc.nat(0xffff_ffff), (text, a, b, before) => {
      const [ours, theirs] = [node, anywhere].map(({ sha256, startSha256, crc32 }) => {
        const pieces = startSha256();
        pieces.update(a);
        pieces.update(b);
        return [sha256(text), pieces.end(), crc32(a), crc32(b, before), crc32(b, crc32(a))];
      });
      expect(theirs).toEqual(ours);
    }),
  );
});
