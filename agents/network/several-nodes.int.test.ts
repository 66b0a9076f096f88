// Three nodes: the overlay between them, virtual addresses and published ports, found out with packets and connections.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inside, Stage, type StageTask, whyNoStage } from './stage/stage.fixture.ts';

const reason = await whyNoStage();
const VIP = '10.201.1.250';

describe.skipIf(reason)(
  `the data path of several nodes${reason ? `, which needs more: ${reason}` : ''}`,
  () => {
    let stage: Stage;
    let client: StageTask;
    let servers: StageTask[];
    const address = (task: StageTask, index = 0) => task.attachments[index]!.address;
    const at = (task: StageTask) => ({ host: address(task), port: 8080 });

    beforeAll(async () => {
      stage = await Stage.make(3, [{}, {}]);
      client = await stage.addTask('client', 1, 1);
      servers = [await stage.addTask('one', 1, 1, 2), await stage.addTask('two', 2, 1, 2)];
      await stage.outside.serve(99);
      await stage.apply();
    });
    afterAll(async () => await stage?.end());
    beforeEach(async () => {
      stage.services = [{ networkId: 'net1', vip: VIP, endpoints: servers.map((task) => address(task)) }];
      stage.published = (['tcp', 'udp'] as const).map((protocol) => ({
        protocol,
        port: 8000,
        target: 8080,
        // As in Docker, what is published is reached on a network of its own.
        endpoints: servers.map((task) => address(task, 1)),
      }));
      await stage.apply();
    });

    it('brings tasks together across nodes, each with its own address', async () => {
      expect(await client.guest.ask(at(servers[1]!))).toBe('two saw 10.201.1.2');
      expect(await servers[1]!.guest.ask(at(client))).toBe('client saw 10.201.1.66');
      expect(await client.guest.ask({ host: address(servers[1]!, 1), port: 9090 })).toBe('EHOSTUNREACH');
    });

    it('hears from other nodes of their own tasks alone, and from strangers nothing', async () => {
      const router = { netns: stage.hosts[1]!.router.netnsPath };
      const [right, ofThree, ofClient] = ['10.201.1.100', '10.201.1.130', '10.201.1.60'];
      for (const from of [right, ofThree, ofClient]) await sendAs(router, from, address(client));
      const vxlan = inside(router, 'ip -d link show vx0').match(/vxlan id (\d+)/)![1];
      inside(
        stage.outside,
        `ip link add vx0 address 02:6d:75:00:00:02 type vxlan id ${vxlan} local 10.90.0.99 remote 10.90.0.1 dstport 4790`,
        'ip link set vx0 up',
        `ip route add ${address(client)} dev vx0`,
        `ip neighbour add ${address(client)} lladdr 02:6d:75:00:00:01 dev vx0 nud permanent`,
      );
      await sendAs(stage.outside, '10.201.1.101', address(client));
      inside(stage.outside, 'ip link delete vx0');
      expect((await client.guest.seen()).filter((seen) => /\.(60|100|101|130)$/.test(seen))).toEqual([right]);
    });

    it('carries as much as one likes', async () => {
      const bytes = 64 * 1024 * 1024;
      for (const host of [address(servers[1]!), VIP, VIP])
        expect((await client.guest.take(bytes, { host, port: 8080 })).got).toBeGreaterThan(bytes);
      expect((await stage.outside.take(bytes, { host: '10.90.0.3', port: 8000 })).got).toBeGreaterThan(bytes);
    });

    it('balances a virtual address evenly, with the address of the one who asks', async () => {
      expect(await client.guest.askOften(10, { host: VIP, port: 8080 })).toEqual({
        'one saw 10.201.1.2': 5,
        'two saw 10.201.1.2': 5,
      });
      expect(await client.guest.askOften(10, { host: VIP, port: 8080, protocol: 'udp' })).toEqual({
        'one saw 10.201.1.2': 5,
        'two saw 10.201.1.2': 5,
      });
    });

    it('lets a task call its own service, and be the one who answers', async () => {
      expect(await servers[0]!.guest.askOften(4, { host: VIP, port: 8080 })).toEqual({
        'one saw 169.254.1.1': 2,
        'two saw 10.201.1.3': 2,
      });
      const published = await servers[0]!.guest.askOften(4, { host: '10.90.0.1', port: 8000 });
      expect(published).toEqual({ 'one saw 169.254.1.1': 2, 'two saw 10.201.1.3': 2 });
    });

    it('keeps connections when an endpoint leaves, and opens no more to it', async () => {
      const place = { host: VIP, port: 8080 };
      const first = await client.guest.open('c1', place);
      const second = await client.guest.open('c2', place);
      expect([first, second].sort()).toEqual(['one saw 10.201.1.2', 'two saw 10.201.1.2']);
      stage.services = [{ networkId: 'net1', vip: VIP, endpoints: [address(servers[1]!)] }];
      await stage.apply();
      expect(await client.guest.say('c1', 'still there')).toBe(`${first.split(' ')[0]} heard still there`);
      expect(await client.guest.say('c2', 'still there')).toBe(`${second.split(' ')[0]} heard still there`);
      expect(await client.guest.askOften(4, place)).toEqual({ 'two saw 10.201.1.2': 4 });
      stage.services = [{ networkId: 'net1', vip: VIP, endpoints: [] }];
      await stage.apply();
      expect(await client.guest.ask(place)).toBe('EHOSTUNREACH');
    });

    it('leads what is asked by UDP from one port elsewhere when its endpoint leaves', async () => {
      for (const [host, port, fromPort] of [
        [VIP, 8080, 4001],
        ['10.90.0.2', 8000, 4002],
      ] as const) {
        const place = { host, port, protocol: 'udp', fromPort } as const;
        const before = await client.guest.ask(place);
        expect(await client.guest.ask(place)).toBe(before);
        const staying = servers.filter(({ guest }) => !before.startsWith(guest.name));
        stage.services = [{ networkId: 'net1', vip: VIP, endpoints: staying.map((task) => address(task)) }];
        stage.published = stage.published.map((one) => ({
          ...one,
          endpoints: staying.map((task) => address(task, 1)),
        }));
        await stage.apply();
        expect(await client.guest.ask(place)).toBe(`${staying[0]!.guest.name} saw 10.201.1.2`);
      }
    });

    it('answers on every node, whichever runs the tasks, and shows them the real client', async () => {
      for (const protocol of ['tcp', 'udp'] as const) {
        const ask = async (guest: typeof stage.outside, host: string) =>
          await guest.askOften(4, { host, port: 8000, protocol });
        const each = (seen: string) => ({ [`one saw ${seen}`]: 2, [`two saw ${seen}`]: 2 });
        for (const host of ['10.90.0.1', '10.90.0.2', '10.90.0.3'])
          expect([protocol, host, await ask(stage.outside, host)]).toEqual([
            protocol,
            host,
            each('10.90.0.99'),
          ]);
        // From a host to itself by address, and to another one.
        expect(await ask(stage.hosts[2]!.guest, '10.90.0.3')).toEqual(each('10.90.0.3'));
        expect(await ask(stage.hosts[2]!.guest, '10.90.0.1')).toEqual(each('10.90.0.3'));
        // From a container to its own node and to another.
        expect(await ask(client.guest, '10.90.0.1')).toEqual(each('10.201.1.2'));
        expect(await ask(client.guest, '10.90.0.3')).toEqual(each('10.201.1.2'));
      }
    });

    it('answers a client that began to ask by UDP before anybody was there, and leaves it to others afterwards', async () => {
      const place = {
        host: '10.90.0.3',
        port: 8003,
        protocol: 'udp',
        fromPort: 4003,
        timeoutMs: 300,
      } as const;
      const published = stage.published.map((one) => ({ ...one, port: 8003 }));
      stage.published = published.map((one) => ({ ...one, endpoints: [] }));
      await stage.apply();
      expect(await stage.outside.ask(place)).toBe('silence');
      stage.published = published;
      await stage.apply();
      expect(await stage.outside.ask(place)).toMatch(/^(one|two) saw 10\.90\.0\.99$/);
      stage.published = [];
      await stage.apply();
      await stage.hosts[2]!.guest.serve(8003, 'udp');
      expect(await stage.outside.ask(place)).toBe('host3 saw 10.90.0.99');
    });

    it('answers by localhost', async () => {
      for (const { guest } of stage.hosts) {
        const answers = await guest.askOften(4, { host: '127.0.0.1', port: 8000 });
        expect(Object.keys(answers).sort()).toEqual([
          expect.stringMatching(/^one saw 169\.254\./),
          expect.stringMatching(/^two saw 169\.254\./),
        ]);
      }
    });

    it('refuses at once on a published port that nobody is behind', async () => {
      stage.published = stage.published.map((one) => ({ ...one, endpoints: [] }));
      await stage.apply();
      expect(await stage.outside.ask({ host: '10.90.0.1', port: 8000 })).toMatch(/ECONNRESET|closed/);
      expect(await stage.hosts[0]!.guest.ask({ host: '::1', port: 8000 })).toBe('ECONNREFUSED');
    });

    it('holds a published port against other programs, and leaves them what they have', async () => {
      await expect(stage.hosts[0]!.guest.serve(8000)).rejects.toThrow('EADDRINUSE');
      await expect(stage.hosts[0]!.guest.serve(8000, 'udp')).rejects.toThrow('EADDRINUSE');
      await stage.hosts[0]!.guest.serve(8001);
      stage.published = stage.published.map((one) => ({ ...one, port: 8001 }));
      const reports = [];
      for (const host of stage.hosts) reports.push(await host.router.apply(stage.planOf(host)));
      expect(reports.map(({ refusedPorts }) => refusedPorts)).toEqual([
        [{ protocol: 'tcp', port: 8001, reason: 'EADDRINUSE' }],
        [],
        [],
      ]);
      expect(await stage.outside.ask({ host: '10.90.0.1', port: 8001 })).toBe('host1 saw 10.90.0.99');
      expect(await stage.outside.ask({ host: '10.90.0.2', port: 8001 })).toMatch(
        /^(one|two) saw 10\.90\.0\.99$/,
      );
      expect(await client.guest.ask({ host: '10.90.0.1', port: 8001 })).toMatch(/^host1 saw 169\.254\./);
      // What isn't published any more is anybody's again.
      await stage.hosts[1]!.guest.serve(8000);
      expect(await stage.outside.ask({ host: '10.90.0.2', port: 8000 })).toBe('host2 saw 10.90.0.99');
    });
  },
);

/** A word by UDP to port 8080, from an address that the sender takes for the purpose. */
async function sendAs(place: { readonly netns: string }, from: string, to: string): Promise<void> {
  const send = `require('dgram').createSocket('udp4').bind(0, '${from}', function () { this.send('?', 8080, '${to}', () => this.close()) })`;
  inside(
    place,
    `ip address add ${from}/32 dev lo`,
    `${process.execPath} -e "${send}"`,
    `ip address delete ${from}/32 dev lo`,
  );
}
