// IPv6 on three nodes: the same as IPv4 beside it, found out with packets.
import { twinOf } from '@muster/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Router, removeRouter } from './router.ts';
import { inside, Stage, type StageTask, whyNoStage } from './stage/stage.fixture.ts';

const reason = await whyNoStage();
const [NET, INTERNAL] = ['fd00:201:1::/64', 'fd00:201:2::/64'];
const VIP = '10.201.1.250';

describe.skipIf(reason)(`the data path in IPv6${reason ? `, which needs more: ${reason}` : ''}`, () => {
  let stage: Stage;
  let [client, one, two, hidden, plain] = [] as unknown as [
    StageTask,
    StageTask,
    StageTask,
    StageTask,
    StageTask,
  ];
  const address = (task: StageTask, index = 0) => task.attachments[index]!.address;
  const at = (subnet6: string, text: string) => ({ host: twinOf(subnet6, text), port: 8080 });
  const [clientSeen, oneSeen] = [twinOf(NET, '10.201.1.2'), twinOf(NET, '10.201.1.3')];

  beforeAll(async () => {
    stage = await Stage.make(3, [{ ipv6: true }, { ipv6: true, internal: true }, {}, { ipv6: true }]);
    client = await stage.addTask('client', 1, 1);
    one = await stage.addTask('one', 1, 1, 4);
    two = await stage.addTask('two', 2, 1, 4);
    hidden = await stage.addTask('hidden', 1, 2);
    plain = await stage.addTask('plain', 1, 3);
    await stage.outside.serve(99, 'tcp', '::');
    stage.services = [{ networkId: 'net1', vip: VIP, endpoints: [address(one), address(two)] }];
    stage.published = (['tcp', 'udp'] as const).map((protocol) => ({
      protocol,
      port: 8000,
      target: 8080,
      endpoints: [address(one, 1), address(two, 1)],
    }));
    await stage.apply();
  });
  afterAll(async () => await stage?.end());

  it('brings tasks of a network together, here and there, each with its own address', async () => {
    expect(await client.guest.ask(at(NET, address(one)))).toBe(`one saw ${clientSeen}`);
    expect(await client.guest.ask({ ...at(NET, address(two)), protocol: 'udp' })).toBe(
      `two saw ${clientSeen}`,
    );
    expect(await two.guest.ask(at(NET, address(client)))).toBe(`client saw ${twinOf(NET, address(two))}`);
    expect(inside(client.guest, 'ip -6 address show dev eth0')).not.toMatch(/tentative|fe80/);
  });

  it('balances a virtual address, a task that is led to itself too', async () => {
    const counts = { [`one saw ${clientSeen}`]: 2, [`two saw ${clientSeen}`]: 2 };
    expect(await client.guest.askOften(4, at(NET, VIP))).toEqual(counts);
    expect(await client.guest.askOften(4, { ...at(NET, VIP), protocol: 'udp' })).toEqual(counts);
    expect(await one.guest.askOften(4, at(NET, VIP))).toEqual({
      'one saw fd6d:7573:7465:7200::1': 2,
      [`two saw ${oneSeen}`]: 2,
    });
  });

  it('carries as much as one likes', async () => {
    const bytes = 16 * 1024 * 1024;
    expect((await client.guest.take(bytes, at(NET, address(two)))).got).toBeGreaterThan(bytes);
    const published = { host: 'fd00:90::3', port: 8000 };
    expect((await stage.outside.take(bytes, published)).got).toBeGreaterThan(bytes);
  });

  it('keeps networks apart, and internal ones inside, and says so at once', async () => {
    const nowhere = /^E(HOST|NET)UNREACH$/;

    expect(await client.guest.ask(at(INTERNAL, address(hidden)))).toMatch(nowhere);
    expect(await client.guest.ask(at(NET, '10.201.1.200'))).toMatch(nowhere);
    expect(await plain.guest.ask(at(NET, address(client)))).toMatch(nowhere);
    expect(await client.guest.ask({ host: 'fd00:90::99', port: 99 })).toBe('outside saw fd00:90::1');
    expect(await hidden.guest.ask({ host: 'fd00:90::99', port: 99 })).toMatch(nowhere);
    expect(await hidden.guest.ask({ host: 'fd00:90::1', port: 65_000 })).toMatch(nowhere);
  });

  it('lets nobody speak in another’s name, task or node', async () => {
    const forged = [twinOf(INTERNAL, '10.201.2.77'), twinOf(NET, '10.201.1.60'), twinOf(NET, '10.201.1.130')];
    for (const from of forged) {
      inside(client.guest, `ip address add ${from}/128 dev eth0 nodad`);
      expect(
        await client.guest.ask({ ...at(NET, address(one)), protocol: 'udp', from, timeoutMs: 300 }),
      ).toBe('silence');
      inside(client.guest, `ip address delete ${from}/128 dev eth0`);
    }
    const router = { netns: stage.hosts[1]!.router.netnsPath };
    const [right, wrong] = [twinOf(NET, '10.201.1.100'), twinOf(NET, '10.201.1.130')];
    for (const from of [right, wrong]) {
      const send = `require('dgram').createSocket('udp6').bind(0, '${from}', function () { this.send('?', 8080, '${clientSeen}', () => this.close()) })`;
      inside(
        router,
        `ip address add ${from}/128 dev lo nodad`,
        `${process.execPath} -e "${send}"`,
        `ip address delete ${from}/128 dev lo`,
      );
    }
    expect((await client.guest.seen()).filter((seen) => [right, wrong, ...forged].includes(seen))).toEqual([
      right,
    ]);
  });

  it('answers on every node’s published port, shows the real client, and refuses by localhost', async () => {
    for (const protocol of ['tcp', 'udp'] as const)
      for (const host of ['fd00:90::1', 'fd00:90::2', 'fd00:90::3'])
        expect(await stage.outside.askOften(4, { host, port: 8000, protocol })).toEqual({
          'one saw fd00:90::99': 2,
          'two saw fd00:90::99': 2,
        });
    expect(await client.guest.ask({ host: 'fd00:90::1', port: 8000 })).toMatch(` saw ${clientSeen}`);
    expect(await client.guest.ask({ host: 'fd00:90::3', port: 8000 })).toMatch(/ saw fd00:90::1$/);
    expect(await stage.hosts[2]!.guest.ask({ host: 'fd00:90::3', port: 8000 })).toMatch(/ saw fd00:90::3$/);
    expect(await stage.hosts[2]!.guest.ask({ host: '127.0.0.1', port: 8000 })).toMatch(/ saw 169\.254\./);
    expect(await stage.hosts[2]!.guest.ask({ host: '::1', port: 8000 })).toBe('ECONNREFUSED');
  });

  it('leads what is asked by UDP from one port elsewhere when its endpoint leaves', async () => {
    const { services } = stage;
    const place = { ...at(NET, VIP), protocol: 'udp', fromPort: 4001 } as const;
    const before = await client.guest.ask(place);
    const staying = before.startsWith('one') ? two : one;
    stage.services = [{ networkId: 'net1', vip: VIP, endpoints: [address(staying)] }];
    await stage.apply();
    expect(await client.guest.ask(place)).toBe(`${staying.guest.name} saw ${clientSeen}`);
    stage.services = services;
    await stage.apply();
  });

  it('is mended, and adopted by who starts anew', async () => {
    const [host] = stage.hosts as [(typeof stage.hosts)[0]];
    const router = { netns: host.router.netnsPath };
    const mend = async () => expect((await host.router.mend(stage.planOf(host))).failures).toEqual([]);
    const whole = async () => {
      expect(Object.keys(await client.guest.askOften(4, at(NET, VIP)))).toHaveLength(2);
      expect(await stage.outside.askOften(2, { host: 'fd00:90::1', port: 8000 })).toEqual({
        'one saw fd00:90::99': 1,
        'two saw fd00:90::99': 1,
      });
    };
    const breaks: readonly [{ readonly netns: string }, string][] = [
      [router, 'ip -6 route flush proto 77; ip -6 rule delete pref 1000; ip -6 address flush dev uplink'],
      [router, 'nft delete table ip6 muster; sysctl -qw net.ipv6.conf.all.forwarding=0'],
      [one.guest, 'ip -6 address flush dev eth0; ip -6 route flush dev eth1; ip -6 rule delete pref 1000'],
      [host.guest, 'ip6tables -F DOCKER-USER; sysctl -qw net.ipv6.conf.all.forwarding=0'],
    ];
    for (const [place, command] of breaks) {
      inside(place, command);
      await mend();
      await whole();
    }
    const look = () =>
      [router, one.guest].map((place) =>
        inside(place, 'ip address; ip -6 route show table all; ip -6 rule; nft -a list ruleset'),
      );
    host.router = new Router(host.options);
    await mend();
    const before = look();
    await mend();
    expect(look()).toEqual(before);
  });

  it('is refused at once by localhost where nothing is led there', async () => {
    const [host] = stage.hosts as [(typeof stage.hosts)[0]];
    stage.published = [{ protocol: 'tcp', port: 8010, target: 8080, endpoints: [address(plain)] }];
    await stage.apply();
    expect(await host.guest.ask({ host: '127.0.0.1', port: 8010 })).toMatch(/^plain saw/);
    expect(await host.guest.ask({ host: '::1', port: 8010 })).toBe('ECONNREFUSED');
  });

  it('leaves a port to another program in the family in which that has it, and nothing behind', async () => {
    const [host] = stage.hosts as [(typeof stage.hosts)[0]];
    await host.guest.serve(8020, 'tcp', '::');
    stage.published = [{ protocol: 'tcp', port: 8020, target: 8080, endpoints: [address(two, 1)] }];
    const { refusedPorts } = await host.router.apply(stage.planOf(host));
    expect(refusedPorts).toEqual([{ protocol: 'tcp', port: 8020, ipv6: true, reason: 'EADDRINUSE' }]);
    expect(await stage.outside.ask({ host: 'fd00:90::1', port: 8020 })).toBe('host1 saw fd00:90::99');
    await removeRouter(host.options);
    expect(inside(host.guest, 'nft list tables; ip6tables -S; ip -br link')).not.toContain('muster');
    expect(inside(one.guest, 'ip -br link')).not.toContain('eth');
  });
});
