import { expect, it } from 'vitest';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

function takeAll(queue: WorkQueue): string[] {
  const taken: string[] = [];
  for (let name = queue.take(); name !== undefined; name = queue.take()) taken.push(name);
  return taken;
}

it('gives what waits in a group together, and groups first come first served', () => {
  const queue = createWorkQueue();
  for (const name of ['a1', 'b1', 'a2', 'c1', 'b2', 'a1']) queue.add(name, name[0]!);
  expect(queue.size).toBe(5);
  expect(takeAll(queue)).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
  expect([queue.take(), queue.size]).toEqual([undefined, 0]);
});

it('lets no group keep its turn, whatever is added to it', () => {
  const queue = createWorkQueue();
  queue.add('a1', 'a');
  queue.add('b1', 'b');
  expect(queue.take()).toBe('a1');
  queue.add('a2', 'a');
  queue.add('a1', 'a');
  expect(takeAll(queue)).toEqual(['b1', 'a2', 'a1']);
});

it('takes what is added while it is being emptied, and keeps count over many', () => {
  const queue = createWorkQueue();
  queue.add('0', '0');
  let taken = 0;
  for (let name = queue.take(); name !== undefined; name = queue.take()) {
    taken += 1;
    if (taken < 200_000) queue.add(String(taken), String(taken % 100));
  }
  expect([taken, queue.size]).toEqual([200_000, 0]);
});
