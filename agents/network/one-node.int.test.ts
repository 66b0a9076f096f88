// One node: who reaches whom, found out with packets.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkPlan } from './plan.ts';
import { Router, removeRouter } from './router.ts';
import { Guest } from './stage/guest.fixture.ts';
import { inside, Stage, type StageTask, whyNoStage } from './stage/stage.fixture.ts';

const reason = await whyNoStage();

describe.skipIf(reason)(`the data path of one node${reason ? `, which needs more: ${reason}` : ''}`, () => {
  let stage: Stage;
  let [a, b, other, hidden, both] = [] as unknown as StageTask[];

  beforeAll(async () => {
    stage = await Stage.make(1, [{}, {}, { internal: true }]);
    a = await stage.addTask('a', 1, 1);
    b = await stage.addTask('b', 1, 1);
    other = await stage.addTask('other', 1, 2);
    hidden = await stage.addTask('hidden', 1, 3);
    both = await stage.addTask('both', 1, 1, 3);
    await stage.outside.serve(99);
    await stage.apply();
  });
  afterAll(async () => await stage?.end());

  const at = (task: StageTask, index = 0) => ({ host: task.attachments[index]!.address, port: 8080 });

  it('brings tasks of one network together, each with its own address', async () => {
    expect(await a!.guest.ask(at(b!))).toBe('b saw 10.201.1.2');
    expect(await a!.guest.ask({ ...at(b!), protocol: 'udp' })).toBe('b saw 10.201.1.2');
    expect(await a!.guest.ask(at(a!))).toBe('a saw 10.201.1.2');
  });

  it('lets a task on two networks be reached on both, and reach both', async () => {
    expect(await a!.guest.ask(at(both!))).toBe('both saw 10.201.1.2');
    expect(await hidden!.guest.ask(at(both!, 1))).toBe('both saw 10.201.3.5');
    expect(await both!.guest.ask(at(hidden!))).toBe('hidden saw 10.201.3.6');
    expect(await both!.guest.ask(at(a!))).toBe('a saw 10.201.1.6');
  });

  it('keeps networks apart, and says so at once', async () => {
    expect(await a!.guest.ask(at(other!))).toBe('EHOSTUNREACH');
    expect(await a!.guest.ask(at(both!, 1))).toBe('EHOSTUNREACH');
    expect(await a!.guest.ask({ ...at(other!), protocol: 'udp' })).toMatch(/EHOSTUNREACH|silence/);
  });

  it('says of an address that nobody has that it is nowhere', async () => {
    expect(await a!.guest.ask({ host: '10.201.1.200', port: 80 })).toBe('EHOSTUNREACH');
  });

  it('leads out under the name of the host, but for internal networks', async () => {
    expect(await a!.guest.ask({ host: '10.90.0.99', port: 99 })).toBe('outside saw 10.90.0.1');
    expect(await both!.guest.ask({ host: '10.90.0.99', port: 99 })).toBe('outside saw 10.90.0.1');
    expect(await hidden!.guest.ask({ host: '10.90.0.99', port: 99 })).toBe('EHOSTUNREACH');
    expect(await hidden!.guest.ask({ host: '10.90.0.1', port: 65_000 })).toBe('EHOSTUNREACH');
  });

  it('lets nobody speak in another’s name, nor in one of another network', async () => {
    const [ofOther, ofNobody] = ['10.201.2.77', '10.201.1.60'];
    inside(a!.guest, `ip address add ${ofOther}/32 dev eth0`, `ip address add ${ofNobody}/32 dev eth0`);
    expect(await a!.guest.ask({ ...at(other!), protocol: 'udp', from: ofOther })).toBe('silence');
    expect(await a!.guest.ask({ ...at(b!), protocol: 'udp', from: ofNobody })).toBe('silence');
    expect(await other!.guest.seen()).not.toContain(ofOther);
    expect(await b!.guest.seen()).not.toContain(ofNobody);
    inside(a!.guest, `ip address del ${ofOther}/32 dev eth0`, `ip address del ${ofNobody}/32 dev eth0`);
  });

  it('opens nobody’s bridge, and is reached from there by what is published', async () => {
    const [{ guest: host }] = stage.hosts as [(typeof stage.hosts)[0]];
    const container = new Guest('container');
    await container.isThere();
    await container.serve(8080);
    inside(
      host,
      'ip link add bridge0 type bridge',
      'ip address add 172.30.0.1/24 dev bridge0',
      `ip link add inner type veth peer name eth0 netns ${container.netns}`,
      'ip link set inner master bridge0 up',
      'ip link set bridge0 up',
      'iptables -A FORWARD -i bridge0 ! -o bridge0 -j ACCEPT',
      'iptables -A FORWARD -o bridge0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    );
    inside(
      container,
      'ip address add 172.30.0.2/24 dev eth0',
      'ip link set eth0 up',
      'ip route add default via 172.30.0.1',
    );
    stage.published = [{ protocol: 'tcp', port: 8000, target: 8080, endpoints: [at(a!).host] }];
    await stage.apply();
    expect(await host.ask({ host: '172.30.0.2', port: 8080 })).toBe('container saw 172.30.0.1');
    expect(await container.ask({ host: '10.90.0.1', port: 8000 })).toBe('a saw 172.30.0.2');
    expect(await a!.guest.ask({ host: '172.30.0.2', port: 8080 })).toBe('silence');
    await container.end();
  });

  it('shares its machine with a node of another cluster, and with no other of its own', async () => {
    const [host] = stage.hosts as [(typeof stage.hosts)[0]];
    const guest = new Guest('stranger');
    await guest.isThere();
    await guest.serve(8080);
    const attachment = {
      taskId: 's',
      networkId: 'net9',
      address: '10.201.9.2',
      netns: guest.netns,
      interface: 'eth0',
    };
    const plan: NetworkPlan = {
      ...stage.planOf(host),
      networks: [{ id: 'net9', number: 9, subnet: '10.201.9.0/24', internal: false }],
      attachments: [attachment],
      published: [8000, 8009].map((port) => ({
        protocol: 'tcp',
        port,
        target: 8080,
        endpoints: ['10.201.9.2'],
      })),
    };
    stage.published = [{ protocol: 'tcp', port: 8000, target: 8080, endpoints: [at(a!).host] }];
    await stage.apply();
    const options = { ...host.options, clusterId: `${stage.clusterId}-other` };
    const { refusedPorts } = await new Router(options).apply(plan);
    expect(refusedPorts).toEqual([{ protocol: 'tcp', port: 8000, reason: 'EADDRINUSE' }]);
    expect(await stage.outside.ask({ host: '10.90.0.1', port: 8009 })).toBe('stranger saw 10.90.0.99');
    expect(await stage.outside.ask({ host: '10.90.0.1', port: 8000 })).toBe('a saw 10.90.0.99');
    expect(await guest.ask(at(a!))).not.toMatch(/saw/);
    expect(await guest.ask({ host: '10.90.0.1', port: 8000 })).toMatch(/^a saw 169\.254\./);
    await removeRouter(options);
    expect(await stage.outside.ask({ host: '10.90.0.1', port: 8009 })).toBe('ECONNREFUSED');
    expect(await stage.outside.ask({ host: '10.90.0.1', port: 8000 })).toBe('a saw 10.90.0.99');
    const twin = { ...host.options, nodeId: 'twin' };
    const refusal = await new Router(twin).apply(plan).catch((error: Error) => error.message);
    await removeRouter(twin);
    expect(refusal).toMatch(/^another node of this cluster is in this machine's network/);
    expect(await stage.outside.ask({ host: '10.90.0.1', port: 8000 })).toBe('a saw 10.90.0.99');
    await guest.end();
  });

  it('gives a task no way to the router but to its resolver', async () => {
    expect(await a!.guest.ask({ host: '169.254.1.1', port: 80 })).toBe('EHOSTUNREACH');
    expect(await a!.guest.ask({ host: '169.254.1.1', port: 53 })).toBe('ECONNREFUSED');
  });
});
