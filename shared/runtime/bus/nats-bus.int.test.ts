import type { NatsConnection } from '@nats-io/nats-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectError, connectNats } from '../nats/connect.ts';
import { type NatsServerProcess, startNatsServer } from '../nats/nats-server.ts';
import { describeBusContract } from './bus.contract.ts';
import type { Bus } from './bus.ts';
import { NatsBus } from './nats-bus.ts';

let server: NatsServerProcess;

beforeAll(async () => {
  server = await startNatsServer();
});

afterAll(async () => {
  await server.stop();
});

describeBusContract('NATS', async () => {
  const connections = new Map<Bus, NatsConnection>();
  return {
    async open() {
      const nc = await connectNats(server.url, { name: 'test', waitMs: 5000 });
      const bus = new NatsBus(nc);
      connections.set(bus, nc);
      return bus;
    },
    // A round trip after everything that was sent, and one more for what the listeners sent in answer.
    async settle() {
      const all = [...connections.values()];
      for (let round = 0; round < 2; round += 1) await Promise.all(all.map((nc) => nc.flush()));
    },
    passTime: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    async interrupt(bus) {
      const states: boolean[] = [];
      const back = new Promise<void>((resolve) => {
        bus.onConnection((connected) => {
          states.push(connected);
          if (connected && states.includes(false)) resolve();
        });
      });
      await connections.get(bus)?.reconnect();
      await back;
    },
    async dispose() {
      await Promise.all([...connections.values()].map((nc) => nc.close()));
    },
  };
});

describe('connectNats', () => {
  it('says what to do when nothing listens', async () => {
    await expect(connectNats('nats://127.0.0.1:1', { name: 'test' })).rejects.toThrow(ConnectError);
    await expect(connectNats('nats://127.0.0.1:1', { name: 'test' })).rejects.toThrow(
      /can't reach NATS at 127.0.0.1:1: start it, or pass --nats/,
    );
  });

  it.each(['http://127.0.0.1:4222', 'nats://', 'a b'])('refuses %j', async (url) => {
    await expect(connectNats(url, { name: 'test' })).rejects.toThrow(/isn't the address of a NATS server/);
  });

  it('takes one server that answers out of several', async () => {
    const nc = await connectNats(`127.0.0.1:1,${server.url}`, { name: 'test' });
    expect(nc.getServer()).toBe(new URL(server.url).host);
    await nc.close();
  });

  it('brings the credentials that the address holds, and says when they are refused', async () => {
    const guarded = await startNatsServer({ extraConfig: 'authorization { user: ana, password: "p@ss" }' });
    const nc = await connectNats(`nats://ana:p%40ss@127.0.0.1:${guarded.port}`, { name: 'test' });
    await nc.close();
    const byOption = await connectNats(guarded.url, { name: 'test', user: 'ana', password: 'p@ss' });
    await byOption.close();
    const wrong = connectNats(`nats://ana:no@127.0.0.1:${guarded.port}`, { name: 'test', waitMs: 10_000 });
    await expect(wrong).rejects.toThrow(/^NATS at 127.0.0.1:\d+ refuses us: /);
    await guarded.stop();
  });

  it('takes a token too', async () => {
    const guarded = await startNatsServer({ extraConfig: 'authorization { token: "t0ken" }' });
    const nc = await connectNats(`nats://t0ken@127.0.0.1:${guarded.port}`, { name: 'test' });
    await nc.close();
    await guarded.stop();
  });

  it('waits for a server that starts later', async () => {
    const gone = await startNatsServer();
    await gone.stop();
    const { port } = gone;
    const connecting = connectNats(gone.url, { name: 'test', waitMs: 20_000 });
    const late = await startNatsServer({ port });
    const nc = await connecting;
    expect(nc.isClosed()).toBe(false);
    await nc.close();
    await late.stop();
  });
});
