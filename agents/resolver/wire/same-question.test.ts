import { encode, type Packet } from 'dns-packet';
import { expect, it } from 'vitest';
import { answersTo } from './same-question.ts';

const make = (type: 'query' | 'response', name: string, more: Partial<Packet> = {}) =>
  encode({ type, id: 7, questions: [{ name, type: 'A' }], ...more });
const query = make('query', 'Example.com');

it.each<[string, Buffer, boolean]>([
  ['the answer', make('response', 'Example.com'), true],
  ['the answer in other letters', make('response', 'eXAMPLE.COM'), true],
  ['a failure that says no question', make('response', '', { questions: [], flags: 1 }), true],
  ['success that says no question', make('response', '', { questions: [] }), false],
  ['the answer to another id', make('response', 'Example.com', { id: 8 }), false],
  ['the answer to another name', make('response', 'Example.org'), false],
  [
    'the answer to another type',
    make('response', '', { questions: [{ name: 'Example.com', type: 'AAAA' }] }),
    false,
  ],
  ['a question', make('query', 'Example.com'), false],
  ['half of it', make('response', 'Example.com').subarray(0, 20), false],
  ['nothing', Buffer.alloc(0), false],
])('%s', (_, reply, is) => {
  expect(answersTo(query, reply)).toBe(is);
});
