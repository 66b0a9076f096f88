import { expect, it } from 'vitest';
import { createWorkQueue } from './work-queue.ts';

it('gives each name once, first come first served', () => {
  const queue = createWorkQueue();
  for (const name of ['a', 'b', 'a', 'c']) queue.add(name);
  expect([queue.take(), queue.take()]).toEqual(['a', 'b']);
  queue.add('a');
  expect([queue.take(), queue.take(), queue.take(), queue.size]).toEqual(['c', 'a', undefined, 0]);
});

it('keeps order and count over many portions, and can be emptied and filled again', () => {
  const queue = createWorkQueue();
  const names = Array.from({ length: 100_000 }, (_, index) => `name${index}`);
  for (const _round of [1, 2]) {
    for (const name of names) queue.add(name);
    expect(queue.size).toBe(names.length);
    const taken: string[] = [];
    for (let name = queue.take(); name !== undefined; name = queue.take()) taken.push(name);
    expect(taken).toEqual(names);
    expect(queue.size).toBe(0);
  }
});

it('takes what is added while it is being emptied', () => {
  const queue = createWorkQueue();
  const taken: string[] = [];
  queue.add('0');
  for (let name = queue.take(); name !== undefined; name = queue.take()) {
    taken.push(name);
    if (taken.length < 200_000) queue.add(String(taken.length));
  }
  expect(taken.length).toBe(200_000);
});
