import { describe, expect, it } from 'vitest';
import { createFairQueue, type FairQueue } from './fair-queue.ts';

function takeAll(queue: FairQueue): string[] {
  const taken: string[] = [];
  for (let name = queue.take(); name !== undefined; name = queue.take()) taken.push(name);
  return taken;
}

describe('a fair queue', () => {
  it('gives each tenant a turn, and each one its names in order', () => {
    const queue = createFairQueue();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(name, name[0]!);
    expect(takeAll(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    expect(queue.size).toBe(0);
  });

  it('lets nobody wait behind a flood', () => {
    const queue = createFairQueue();
    for (let index = 0; index < 100_000; index += 1) queue.add(`a${index}`, 'a');
    for (let index = 0; index < 512; index += 1) queue.take();
    queue.add('b', 'b');
    expect([queue.take(), queue.take()]).toContain('b');
    expect(takeAll(queue)).toHaveLength(100_000 - 512 - 1);
  });

  it('knows a name once, and keeps its place', () => {
    const queue = createFairQueue();
    queue.add('x', 'a');
    queue.add('y', 'a');
    queue.add('x', 'b');
    expect(takeAll(queue)).toEqual(['x', 'y']);
  });

  it('takes again what was taken, deleted or added while taking', () => {
    const queue = createFairQueue();
    for (const name of ['x', 'y', 'z']) queue.add(name, 'a');
    expect(queue.take()).toBe('x');
    expect(queue.delete('y')).toBe(true);
    expect(queue.delete('y')).toBe(false);
    queue.add('x', 'a');
    queue.add('y', 'b');
    expect(takeAll(queue).sort()).toEqual(['x', 'y', 'z']);
  });
});
