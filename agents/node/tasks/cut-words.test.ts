import { sizeOfText } from '@muster/events';
import { describe, expect, it } from 'vitest';
import { cutWords } from './cut-words.ts';

describe('cutWords', () => {
  it('leaves what is of a reasonable length as it is', () => {
    expect(cutWords('no such image: web:1')).toBe('no such image: web:1');
    expect(cutWords('x'.repeat(1_300))).toBe('x'.repeat(1_300));
  });

  it('keeps how a long text begins and ends, and says how long it is', () => {
    const cut = cutWords(`exec: "${'a'.repeat(400_000)}": no such file or directory`);
    expect(cut).toMatch(/^exec: "aaa.*… \(400035 characters in all\) …aaa.*": no such file or directory$/);
    expect(cut.length).toBeLessThan(1_400);
  });

  it('leaves no half of a character', () => {
    for (const text of ['🐳'.repeat(2_001), `x${'🐳'.repeat(2_001)}`, '漢'.repeat(2_001)]) {
      const cut = cutWords(text);
      expect(Buffer.from(cut).toString()).toBe(cut);
      expect(sizeOfText(cut)).toBeLessThan(4_096);
    }
  });
});
