// The real process, asked over loopback from addresses that stand for containers.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { encode } from 'dns-packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMuster } from '../../test/harness/program.ts';
import { ask, exchange } from './client.fixture.ts';
import { type NetworkNames, nameNetworkFile } from './names/forms.ts';
import { removeNetworkNames } from './names/store-names.ts';
import { type NamedNode, portOf, startNode, startOn, until } from './node.fixture.ts';

const tasks = Array.from({ length: 100 }, (_, n) => `10.0.3.${100 + n}`);
const front: NetworkNames = {
  v: 1,
  network: 'front1',
  name: 'front',
  subnets: ['10.0.3.0/24'],
  names: { web: ['10.0.3.2'], 'tasks.web': ['10.0.3.7', '10.0.3.8'], 'tasks.big': tasks, six: ['fd00::6'] },
  hosts: { '10.0.3.7': 'web.1.abc' },
};
const back: NetworkNames = {
  v: 1,
  network: 'back1',
  subnets: ['10.0.4.0/24'],
  internal: true,
  names: { db: ['10.0.4.2'] },
};
const askers = {
  '127.0.0.1': { networks: ['front1'] },
  '127.0.0.2': { networks: ['back1'] },
  '127.0.0.3': { networks: ['front1', 'back1'] },
};

let node: NamedNode;
const from = (address: string, more = {}) => ({ port: node.port, from: address, ...more });

beforeAll(async () => {
  node = await startNode({ networks: [front, back], askers });
});
afterAll(() => node.end());

describe('a resolver', () => {
  it('answers who is on a network with its names', async () => {
    expect(await ask('web', from('127.0.0.1'))).toMatchObject({ rcode: 'NOERROR', found: ['10.0.3.2'] });
    expect(await ask('db', from('127.0.0.2'))).toMatchObject({ rcode: 'NOERROR', found: ['10.0.4.2'] });
    expect(await ask('web', from('127.0.0.2'))).toMatchObject({ rcode: 'NXDOMAIN' });
    const both = await Promise.all(['WEB', 'db'].map((name) => ask(name, from('127.0.0.3'))));
    expect(both.map(({ found }) => found)).toEqual([['10.0.3.2'], ['10.0.4.2']]);
    expect(await ask('web', from('127.0.0.4'))).toMatchObject({ rcode: 'REFUSED', found: [] });
  });

  it('says of a name without an address of that kind that it has none', async () => {
    expect(await ask('web', from('127.0.0.1', { type: 'AAAA' }))).toMatchObject({
      rcode: 'NOERROR',
      found: [],
    });
    expect(await ask('six', from('127.0.0.1', { type: 'AAAA' }))).toMatchObject({ found: ['fd00::6'] });
    const reverse = await ask('7.3.0.10.in-addr.arpa', from('127.0.0.1', { type: 'PTR' }));
    expect(reverse).toMatchObject({ found: ['web.1.abc.front'] });
  });

  it('begins with each address about as often', async () => {
    const firsts = await Promise.all(
      Array.from({ length: 400 }, async () => (await ask('tasks.web', from('127.0.0.1'))).found[0]),
    );
    const count = firsts.filter((first) => first === '10.0.3.7').length;
    expect(count).toBeGreaterThan(140);
    expect(count).toBeLessThan(260);
  });

  it('cuts what is too long for a datagram, and says all of it over TCP', async () => {
    const plain = await ask('tasks.big', from('127.0.0.1'));
    const larger = await ask('tasks.big', from('127.0.0.1', { size: 4096 }));
    expect(plain.isCut && larger.isCut).toBe(true);
    expect(larger.found.length).toBeGreaterThan(plain.found.length);
    const whole = await ask('tasks.big', from('127.0.0.1', { tcp: true }));
    expect(whole.isCut).toBe(false);
    expect([...whole.found].sort()).toEqual([...tasks].sort());
  });

  it('answers many questions on one connection, in whatever pieces they come', async () => {
    const question = (id: number) => {
      const message = encode({ type: 'query', id, questions: [{ name: 'web', type: 'A' }] });
      return Buffer.concat([Buffer.from([0, message.length]), message]);
    };
    const stream = Buffer.concat(Array.from({ length: 50 }, (_, id) => question(id + 1)));
    const socket = createConnection({ host: '127.0.0.1', port: node.port, localAddress: '127.0.0.1' });
    let bytes = 0;
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
    for (let at = 0; at < stream.length; at += 17) {
      socket.write(stream.subarray(at, at + 17));
      if (at % 5 === 0) await new Promise(setImmediate);
    }
    // Length, header, question, and one record that says the name again.
    await until(
      async () => bytes,
      (seen) => seen === 50 * (2 + 12 + 9 + 19),
    );
    socket.destroy();
  });

  it('counts what it answers, and is ready', async () => {
    const other = await startOn(node.folder, { args: ['--metrics', '0'] });
    try {
      const port = portOf(other);
      await ask('web', { port });
      await ask('web', { port, from: '127.0.0.9' });
      await exchange(Buffer.from('000100000005'.padEnd(24, '0'), 'hex'), { port });
      const url = other.log.find(({ msg }) => msg === 'metrics')!.url as string;
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('muster_dns_queries_total{role="resolver",result="answered"} 1');
      expect(text).toContain('muster_dns_queries_total{role="resolver",result="refused"} 1');
      expect(text).toContain('muster_dns_queries_total{role="resolver",result="malformed"} 1');
      expect(text).toContain('muster_dns_objects{role="resolver",kind="names"} 5');
      expect(text).not.toMatch(/^muster_nats/m);
      const ready = await fetch(`${url}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ok' }]);
    } finally {
      expect(await other.stop()).toEqual({ code: 0, signal: null });
    }
  });
});

describe('what the agent says', () => {
  it('is answered as soon as it is said', async () => {
    await node.tell({ ...front, names: { ...front.names, web: ['10.0.3.3'], added: ['10.0.3.4'] } });
    await until(
      () => ask('web', from('127.0.0.1')),
      ({ found }) => found[0] === '10.0.3.3',
    );
    expect(await ask('added', from('127.0.0.1'))).toMatchObject({ found: ['10.0.3.4'] });
    await node.tellAskers({ ...askers, '127.0.0.5': { networks: ['front1'] } });
    await until(
      () => ask('web', from('127.0.0.5')),
      ({ rcode }) => rcode === 'NOERROR',
    );
    await node.tellAskers(askers);
    await until(
      () => ask('web', from('127.0.0.5')),
      ({ rcode }) => rcode === 'REFUSED',
    );
    await node.tell(front);
    await until(
      () => ask('web', from('127.0.0.1')),
      ({ found }) => found[0] === '10.0.3.2',
    );
  });

  it.each([
    ['half of a file', '{"v":1,"network":"back1","names":{"db":["10.0.4.9"'],
    ['nothing', ''],
    ['what is wrong in one place', JSON.stringify({ ...back, names: { db: ['10.0.4.9', 'x'] } })],
    ['what is of a later version', JSON.stringify({ ...back, v: 2, names: { db: ['10.0.4.9'] } })],
  ])('leaves standing what was said before, where it is %s', async (_, text) => {
    const complaints = node.complaints().length;
    const path = join(node.folder, nameNetworkFile('back1'));
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
    // Another file that comes after it has been read.
    await node.tell({ ...front, names: { ...front.names, after: ['10.0.3.6'] } });
    await until(
      () => ask('after', from('127.0.0.1')),
      ({ found }) => found.length === 1,
    );
    expect(await ask('db', from('127.0.0.2'))).toMatchObject({ found: ['10.0.4.2'] });
    await node.tell({ ...back, names: { db: ['10.0.4.3'] } }, front);
    await until(
      () => ask('db', from('127.0.0.2')),
      ({ found }) => found[0] === '10.0.4.3',
    );
    await until(
      () => ask('after', from('127.0.0.1')),
      ({ found }) => found.length === 0,
    );
    await node.tell(back);
    await until(
      () => ask('db', from('127.0.0.2')),
      ({ found }) => found[0] === '10.0.4.2',
    );
    if (complaints === 0) expect(node.complaints().join()).toContain('what was read before stands');
  });

  it('may come in any order: of a network that is not told yet nothing is known', async () => {
    await node.tellAskers({ ...askers, '127.0.0.6': { networks: ['late1'] } });
    await until(
      () => ask('web', from('127.0.0.6')),
      ({ rcode }) => rcode === 'SERVFAIL',
    );
    await node.tell({ ...front, network: 'late1' });
    await until(
      () => ask('web', from('127.0.0.6')),
      ({ rcode }) => rcode === 'NOERROR',
    );
    // The file goes first, and is needed until nobody is on the network.
    await removeNetworkNames(node.folder, 'late1');
    await until(
      async () => node.complaints().join(),
      (said) => said.includes('it is missing'),
    );
    expect(await ask('web', from('127.0.0.6'))).toMatchObject({ rcode: 'NOERROR' });
    await node.tellAskers(askers);
    await until(
      () => ask('web', from('127.0.0.6')),
      ({ rcode }) => rcode === 'REFUSED',
    );
  });

  it('is not forgotten when somebody removes the folder, and heard when it is there again', async () => {
    await rm(node.folder, { recursive: true });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await ask('web', from('127.0.0.1'))).toMatchObject({ found: ['10.0.3.2'] });
    await node.tellAskers(askers);
    await node.tell({ ...front, names: { ...front.names, web: ['10.0.3.99'] } }, back);
    await until(
      () => ask('web', from('127.0.0.1')),
      ({ found }) => found[0] === '10.0.3.99',
    );
    await node.tell(front);
    await until(
      () => ask('web', from('127.0.0.1')),
      ({ found }) => found[0] === '10.0.3.2',
    );
  });

  it('is answered within 100 ms where there are 1,000 services and 10,000 tasks', async () => {
    const big = makeBig('big1');
    const crowded = await startNode({ networks: [big], askers: { '127.0.0.1': { networks: ['big1'] } } });
    try {
      const waited: number[] = [];
      // What else this machine does takes its time from some of them.
      for (let round = 0; round < 20 && !waited.some((ms) => ms < 100); round += 1) {
        const address = `10.9.9.${round + 1}`;
        await crowded.tell({ ...big, names: { ...big.names, service500: [address] } });
        const see = () => ask('service500', { port: crowded.port });
        waited.push(await until(see, ({ found }) => found[0] === address));
      }
      expect(Math.min(...waited)).toBeLessThan(100);
      const all = await ask('tasks.service7', { port: crowded.port, tcp: true });
      expect(all.found).toHaveLength(10);
    } finally {
      await crowded.end();
    }
  });
});

describe('its process', () => {
  it('answers what it did, and what is new, when it was killed and is started again', async () => {
    const own = await startNode({ networks: [front], askers });
    const listen = `127.0.0.1:${own.port}`;
    try {
      expect(await own.process.kill()).toMatchObject({ signal: 'SIGKILL' });
      await own.tell({ ...front, names: { web: ['10.0.3.44'] } });
      const again = await startOn(own.folder, { listen });
      expect(await ask('web', { port: own.port })).toMatchObject({ found: ['10.0.3.44'] });
      expect(await again.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await own.end();
    }
  });

  it('says what to do when its port is taken, its address is not here, or stands for all', async () => {
    const start = (listen: string) => runMuster(['resolver', '--listen', listen, '--names', node.folder]);
    expect(await start(`127.0.0.1:${node.port}`)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/something else listens there.*ss -lntup.*--listen/),
    });
    expect(await start('192.0.2.77:5300')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ip address'),
    });
    expect(await start('0.0.0.0:5300')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name each address'),
    });
    expect(await start('example.com')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('it looks like'),
    });
  });

  it('answers on IPv6 as well', async () => {
    const other = await startNode({
      networks: [front],
      askers: { '::1': { networks: ['front1'] } },
      listen: '[::1]:0',
    });
    try {
      const asked = { port: other.port, host: '::1', from: '::1' };
      expect(await ask('web', asked)).toMatchObject({ found: ['10.0.3.2'] });
      expect(await ask('web', { ...asked, tcp: true })).toMatchObject({ found: ['10.0.3.2'] });
    } finally {
      await other.end();
    }
  });

  it('survives whatever comes in packets and on connections', async () => {
    const socket = createSocket('udp4');
    const valid = encode({ type: 'query', id: 1, questions: [{ name: 'tasks.big', type: 'A' }] });
    for (let round = 0; round < 4_000; round += 1) {
      const message = round % 2 === 0 ? randomBytes(round % 90) : Buffer.from(valid);
      if (round % 2 === 1) message[round % message.length] = round >> 3;
      socket.send(message, node.port, '127.0.0.1');
      if (round % 50 === 0) await new Promise(setImmediate);
    }
    for (let round = 0; round < 30; round += 1) {
      const connection = createConnection({ host: '127.0.0.1', port: node.port });
      connection.on('error', () => undefined);
      connection.write(randomBytes(2_000));
      setTimeout(() => connection.destroy(), 200);
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    socket.close();
    expect(await ask('web', from('127.0.0.1'))).toMatchObject({ found: ['10.0.3.2'] });
    expect(await ask('web', from('127.0.0.1', { tcp: true }))).toMatchObject({ found: ['10.0.3.2'] });
  });

  // The kernel holds some 500 of them: what else this machine does may take longer once, and not three times.
  it('loses none of 5,000 questions a second', { retry: 2 }, async () => {
    const sent = 15_000;
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    let answered = 0;
    socket.on('message', () => {
      answered += 1;
    });
    const question = encode({ type: 'query', id: 1, questions: [{ name: 'web', type: 'A' }] });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const began = performance.now();
    for (let count = 0; count < sent; ) {
      const due = Math.min(sent, Math.floor((performance.now() - began) * 5));
      // What is late is not made up for all at once.
      for (const until = Math.min(due, count + 100); count < until; count += 1)
        socket.send(question, node.port, '127.0.0.1');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await until(
      async () => answered,
      (seen) => seen >= sent,
    ).catch(() => undefined);
    socket.close();
    expect(answered).toBe(sent);
  });
});

function makeBig(network: string): NetworkNames {
  const names: Record<string, string[]> = {};
  const hosts: Record<string, string> = {};
  const address = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  for (let service = 0; service < 1_000; service += 1) {
    const mine = Array.from({ length: 10 }, (_, task) => address(2_000 + service * 10 + task));
    names[`service${service}`] = [address(service)];
    names[`tasks.service${service}`] = mine;
    for (const [task, one] of mine.entries()) {
      names[`service${service}.${task}.abcdefghijklmnopqrstuvwxy`] = [one];
      hosts[one] = `service${service}.${task}.abcdefghijklmnopqrstuvwxy`;
    }
  }
  return { v: 1, network, subnets: ['10.0.0.0/8'], names, hosts };
}
