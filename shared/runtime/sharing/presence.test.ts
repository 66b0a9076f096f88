import { VirtualClock } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBus } from '../memory-bus.ts';
import { BEAT_MS, GONE_AFTER_MS, type Presence, startPresence } from './presence.ts';

let clock: VirtualClock;
let bus: MemoryBus;
let signs: string[];
beforeEach(() => {
  clock = new VirtualClock();
  bus = new MemoryBus({ clock });
  signs = [];
});

function join(copy: string, role = 'scheduler'): Presence {
  const presence = startPresence({ bus: bus.client(copy), clock, role, copy });
  presence.onSign((other, sign) => sign !== 'stays' && signs.push(`${copy}: ${other} ${sign}`));
  return presence;
}

describe('presence', () => {
  it('tells copies of each other at once, and nothing of other roles', async () => {
    const [one, two] = [join('one'), join('two')];
    join('other', 'allocator');
    await clock.advance(10);
    expect([...one.others]).toEqual(['two']);
    expect([...two.others]).toEqual(['one']);
    const three = join('three');
    await clock.advance(10);
    expect([...three.others].sort()).toEqual(['one', 'two']);
  });

  it('forgets at once who says goodbye, and after a while who says nothing', async () => {
    const [one, two] = [join('one'), join('two')];
    join('three');
    await clock.advance(10);
    two.stop();
    await clock.advance(1);
    expect([...one.others]).toEqual(['three']);
    bus.disconnect('three');
    await clock.advance(GONE_AFTER_MS + 2 * BEAT_MS);
    expect([...one.others]).toEqual([]);
    bus.reconnect('three');
    await clock.advance(BEAT_MS);
    expect([...one.others]).toEqual(['three']);
  });

  it('does not count on who takes no part', async () => {
    const [one, two] = [join('one'), join('two')];
    await clock.advance(10);
    two.takePart(false);
    await clock.advance(5 * BEAT_MS);
    expect(one.others.size).toBe(0);
    expect([...two.others]).toEqual(['one']);
    two.takePart(true);
    await clock.advance(1);
    expect([...one.others]).toEqual(['two']);
  });
});
