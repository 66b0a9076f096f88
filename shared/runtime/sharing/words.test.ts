import { describe, expect, it } from 'vitest';
import { encodeWord, readHeard } from './words.ts';

const read = (subject: string, text: string) => readHeard(subject, new TextEncoder().encode(text));

describe('a word on the bus', () => {
  it('is read as it was said, aside or not', () => {
    const data = encodeWord({ word: 'hello', reads: 3, title: 'api-7 on one.example' });
    const heard = { word: 'hello', reads: 3, title: 'api-7 on one.example', role: 'api', copy: 'c' };
    expect(readHeard('muster.copy.api.c', data)).toEqual(heard);
    expect(readHeard('muster.copy.api.c.aside', data)).toEqual(heard);
  });

  it.each([
    ['here', 1],
    ['', 1],
    ['here 2', 2],
    ['here 0', 1],
    ['here -3', 1],
    ['here 2.5', 1],
    ['here 99999999999999999999', 1],
    ['here two', 1],
  ])('"%s" reads %i', (text, reads) => {
    expect(read('muster.copy.api.c', text)).toMatchObject({ word: 'here', reads, copy: 'c' });
  });

  it('is nothing on other subjects', () => {
    for (const subject of ['muster.copy.api', 'muster.copy.api.c.other', 'muster.copy.api.c.aside.x'])
      expect(read(subject, 'here')).toBeUndefined();
  });
});
