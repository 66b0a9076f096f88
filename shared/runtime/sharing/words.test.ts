import { describe, expect, it } from 'vitest';
import { encodeStanding, encodeWord, readHeard, readStanding } from './words.ts';

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

describe('what a copy says of itself when it is asked', () => {
  it('is read as it was said', () => {
    expect(readStanding(encodeStanding({ seq: 4711, queued: 0 }))).toEqual({ seq: 4711, queued: 0 });
  });

  it.each(['', 'at', 'at 1, 0', 'at -1, 0 queued', 'at 9999999999999999, 0 queued', 'x at 1, 0 queued'])(
    '"%s" is of one that lives and has something to do',
    (text) => {
      expect(readStanding(new TextEncoder().encode(text))).toEqual({ seq: 0, queued: 1 });
    },
  );
});
