import { expect, it } from 'vitest';
import { createFrames, frame } from './frames.ts';

it('finds messages in whatever pieces they come', () => {
  const messages = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(70_000 % 65_536, 'x')];
  const stream = Buffer.concat(messages.map(frame));
  for (const size of [1, 2, 3, 7, 4096, stream.length]) {
    const found: Buffer[] = [];
    const take = createFrames((message) => found.push(message));
    for (let at = 0; at < stream.length; at += size) take(stream.subarray(at, at + size));
    expect(found).toEqual(messages);
  }
});
