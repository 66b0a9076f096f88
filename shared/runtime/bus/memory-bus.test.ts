import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { describeBusContract } from './bus.contract.ts';
import type { Bus } from './bus.ts';
import { MemoryBus, type MemoryBusOptions } from './memory-bus.ts';

/** Time that passes when told to. */
function manualClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  const timers = new Map<() => void, number>();
  return {
    now: () => now,
    schedule(delayMs, action) {
      timers.set(action, now + delayMs);
      return { cancel: () => timers.delete(action) };
    },
    pass(ms) {
      now += ms;
      for (const [action, at] of [...timers]) {
        if (at > now) continue;
        timers.delete(action);
        action();
      }
    },
  };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describeBusContract('memory', async () => {
  const clock = manualClock();
  const bus = new MemoryBus({ clock });
  const names = new Map<Bus, string>();
  return {
    open: async () => {
      const name = `client ${names.size}`;
      const client = bus.client(name);
      names.set(client, name);
      return client;
    },
    settle,
    passTime: async (ms) => clock.pass(ms),
    interrupt: async (client) => {
      const name = names.get(client) ?? '';
      bus.disconnect(name);
      bus.reconnect(name);
    },
    dispose: async () => undefined,
  };
});

describe('the hooks of the memory bus', () => {
  const data = new Uint8Array([1]);

  it('cuts a participant off: nothing goes out, nothing comes in', async () => {
    const bus = makeBus({});
    const heard = listen(bus, ['a', 'b']);
    bus.disconnect('a');
    bus.client('a').publish('x', data);
    bus.client('b').publish('x', data);
    await settle();
    expect(heard).toEqual(['b']);
    bus.reconnect('a');
    bus.client('b').publish('x', data);
    await settle();
    expect(heard).toEqual(['b', 'a', 'b']);
  });

  it('loses what is on its way to a participant that is cut off', async () => {
    const bus = makeBus({});
    const heard = listen(bus, ['a', 'b']);
    bus.client('b').publish('x', data);
    bus.disconnect('a');
    await settle();
    expect(heard).toEqual(['b']);
  });

  it('drops what a simulator drops', async () => {
    const bus = makeBus({ drop: (from, to) => from === 'a' && to === 'b' });
    const heard = listen(bus, ['b', 'c']);
    bus.client('a').publish('x', data);
    await settle();
    expect(heard).toEqual(['c']);
    bus.client('c').publish('x', data);
    await settle();
    expect(heard).toEqual(['c', 'b', 'c']);
  });

  it('delivers when a simulator says', async () => {
    const runs: { client: string; run: () => void }[] = [];
    const bus = makeBus({ deliver: (client, run) => runs.push({ client, run }) });
    const heard = listen(bus, ['a', 'b']);
    bus.client('c').publish('x', data);
    expect(heard).toEqual([]);
    for (const { run } of runs.reverse()) run();
    expect(heard).toEqual(['b', 'a']);
  });

  it('leaves a request of a participant that is cut off to its time-out', async () => {
    const clock = manualClock();
    const bus = makeBus({ clock });
    listen(bus, ['b']);
    bus.disconnect('a');
    const asked = bus.client('a').request('x', data, { timeoutMs: 50 });
    clock.pass(50);
    await expect(asked).rejects.toMatchObject({ reason: 'timed out' });
  });

  function makeBus(options: Partial<MemoryBusOptions>): MemoryBus {
    return new MemoryBus({ clock: manualClock(), ...options });
  }

  function listen(bus: MemoryBus, names: string[]): string[] {
    const heard: string[] = [];
    for (const name of names) bus.client(name).subscribe('x', () => heard.push(name));
    return heard;
  }
});
