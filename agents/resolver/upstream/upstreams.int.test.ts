// What is not ours, with servers that know, are slow, gone, helpless, or say anything.
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { ask } from '../client.fixture.ts';
import type { NetworkNames } from '../names/forms.ts';
import { type NamedNode, startNode } from '../node.fixture.ts';
import {
  cut,
  garbage,
  helpless,
  knows,
  type Manner,
  silent,
  slow,
  startWorld,
  type World,
} from '../upstream.fixture.ts';

const net: NetworkNames = { v: 1, network: 'n1', subnets: ['10.0.3.0/24'], names: { web: ['10.0.3.2'] } };
const inside: NetworkNames = { ...net, network: 'in1', internal: true };
const askers = {
  '127.0.0.1': { networks: ['n1'] },
  '127.0.0.2': { networks: ['in1'] },
  '127.0.0.3': { networks: ['in1', 'n1'] },
};

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(...manners: (Manner | 'gone' | World)[]): Promise<{ node: NamedNode; worlds: World[] }> {
  const worlds: World[] = [];
  const addresses: string[] = [];
  for (const manner of manners) {
    if (typeof manner === 'object') addresses.push(manner.address);
    else if (manner === 'gone') addresses.push(`127.0.0.1:${await findFreePort()}`);
    else {
      const world = await startWorld(manner);
      ends.push(world.close);
      worlds.push(world);
      addresses.push(world.address);
    }
  }
  const args = addresses.flatMap((address) => ['--upstream', address]);
  const node = await startNode({ networks: [net, inside], askers, args });
  ends.push(node.end);
  return { node, worlds };
}

async function timed<T>(doing: Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  return [await doing, performance.now() - began];
}

describe('a name of others', () => {
  it('is asked of the first server, and its answer is passed on, whatever it is', async () => {
    const { node, worlds } = await open(knows('192.0.2.1'), knows('192.0.2.2'));
    const { port } = node;
    expect(await ask('example.com', { port })).toMatchObject({ rcode: 'NOERROR', found: ['192.0.2.1'] });
    expect(await ask('example.com', { port, tcp: true })).toMatchObject({ found: ['192.0.2.1'] });
    expect(await ask('x.missing', { port })).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(worlds.map(({ asked }) => asked.length)).toEqual([3, 0]);
  });

  it('that is ours is asked of nobody', async () => {
    const { node, worlds } = await open(knows());
    const { port } = node;
    await ask('web', { port });
    await ask('WEB', { port, type: 'AAAA' });
    await ask('web', { port, type: 'MX' });
    await ask('tasks.nobody', { port });
    await ask('9.3.0.10.in-addr.arpa', { port, type: 'PTR' });
    expect(worlds[0]!.asked).toEqual([]);
  });

  it('is asked of nobody for who is on internal networks alone', async () => {
    const { node, worlds } = await open(knows());
    const { port } = node;
    expect(await ask('example.com', { port, from: '127.0.0.2' })).toMatchObject({ rcode: 'NXDOMAIN' });
    expect(await ask('example.com', { port, from: '127.0.0.9' })).toMatchObject({ rcode: 'REFUSED' });
    expect(worlds[0]!.asked).toEqual([]);
    expect(await ask('example.com', { port, from: '127.0.0.3' })).toMatchObject({ rcode: 'NOERROR' });
  });

  it.each([
    ['is gone', 'gone' as const, 900],
    ['does not know', helpless, 900],
    ['is silent', silent, 2_500],
  ])('is asked of the next one where the first %s', async (_, first, withinMs) => {
    const { node } = await open(first, knows('192.0.2.2'));
    const [told, ms] = await timed(ask('example.com', { port: node.port }));
    expect(told).toMatchObject({ rcode: 'NOERROR', found: ['192.0.2.2'] });
    expect(ms).toBeLessThan(withinMs);
  });

  it('waits once for a silent server, and not for each name', async () => {
    const { node, worlds } = await open(silent, knows('192.0.2.2'));
    await ask('a.example.com', { port: node.port });
    const [told, ms] = await timed(ask('b.example.com', { port: node.port }));
    expect(told.found).toEqual(['192.0.2.2']);
    expect(ms).toBeLessThan(800);
    expect(worlds[0]!.asked).toEqual(['a.example.com']);
  });

  it('comes from a slow server as well, and from the one that is faster', async () => {
    const { node } = await open(slow(1_600, knows('192.0.2.1')), silent);
    expect(await ask('example.com', { port: node.port })).toMatchObject({ found: ['192.0.2.1'] });
  });

  it('fails before a program gives up, where nobody answers', async () => {
    const { node } = await open(silent, silent);
    const [told, ms] = await timed(ask('example.com', { port: node.port }));
    expect(told).toMatchObject({ rcode: 'SERVFAIL' });
    expect(ms).toBeGreaterThan(4_000);
    expect(ms).toBeLessThan(5_000);
    // Ours are answered as ever.
    const [, ours] = await timed(ask('web', { port: node.port }));
    expect(ours).toBeLessThan(500);
  });

  it('fails at once where all say that they do not know, or are gone', async () => {
    const { node } = await open(helpless, 'gone');
    const [told, ms] = await timed(ask('example.com', { port: node.port }));
    expect(told).toMatchObject({ rcode: 'SERVFAIL' });
    expect(ms).toBeLessThan(1_500);
  });

  it('is not believed of who answers another question, nor under another id', async () => {
    const { node } = await open(garbage(slow(50, knows('192.0.2.1'))));
    const { port } = node;
    expect(await ask('example.com', { port })).toMatchObject({ found: ['192.0.2.1'] });
    expect(await ask('example.com', { port, tcp: true })).toMatchObject({ found: ['192.0.2.1'] });
  });

  it('that does not fit is asked again over TCP, there as here', async () => {
    const world = await startWorld(cut, knows('192.0.2.1'));
    ends.push(world.close);
    const { node } = await open(world);
    const { port } = node;
    expect(await ask('example.com', { port })).toMatchObject({ isCut: true });
    expect(await ask('example.com', { port, tcp: true })).toMatchObject({
      isCut: false,
      found: ['192.0.2.1'],
    });
  });

  it('is never asked of the resolver itself', async () => {
    const port = await findFreePort();
    const node = await startNode({
      networks: [net],
      askers,
      listen: `127.0.0.1:${port}`,
      args: ['--upstream', `127.0.0.1:${port}`],
    });
    ends.push(node.end);
    expect(await ask('example.com', { port })).toMatchObject({ rcode: 'SERVFAIL' });
  });

  it('is refused by another resolver, so that two that ask one another come to an end', async () => {
    const [one, other] = [await findFreePort(), await findFreePort()];
    const only = { '127.0.0.2': { networks: ['n1'] } };
    for (const [mine, next] of [
      [one, other],
      [other, one],
    ]) {
      const args = ['--upstream', `127.0.0.1:${next}`];
      const node = await startNode({ networks: [net], askers: only, listen: `127.0.0.1:${mine}`, args });
      ends.push(node.end);
    }
    const [told, ms] = await timed(ask('example.com', { port: one, from: '127.0.0.2' }));
    expect(told.rcode).toBe('REFUSED');
    expect(ms).toBeLessThan(1_500);
  });

  it('that one asker asks for too often fails for it, and for nobody else', async () => {
    const { node } = await open(silent);
    const { port } = node;
    await node.tellAskers({ ...askers, '127.0.0.4': { networks: ['n1'] } });
    const flood = Array.from({ length: 150 }, (_, n) => timed(ask(`a${n}.example.com`, { port })));
    const told = await Promise.all(flood);
    expect(told.every(([{ rcode }]) => rcode === 'SERVFAIL')).toBe(true);
    expect(told.filter(([, ms]) => ms < 3_000).length).toBeGreaterThanOrEqual(50);
    expect(told.filter(([, ms]) => ms > 4_000).length).toBeGreaterThanOrEqual(90);
  });
});

async function findFreePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}
