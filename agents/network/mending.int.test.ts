// What others do to a data path, and what becomes of one whose maker is killed: it is mended, adopted and removed, and nothing
// of anybody else's is touched.
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from './kernel/run.ts';
import { Router, removeRouter } from './router.ts';
import { bundle, inside, Stage, type StageHost, type StageTask, whyNoStage } from './stage/stage.fixture.ts';

const reason = await whyNoStage();
const VIP = '10.201.1.250';
const EVERYTHING = [
  'ip -d link show',
  'ip address show',
  'ip route show table all',
  'ip rule show',
  'ip neighbour show nud permanent',
  'bridge fdb show',
  'ip -6 rule show',
  'nft -a list ruleset',
];

describe.skipIf(reason)(`a data path${reason ? `, which needs more: ${reason}` : ''}`, () => {
  let stage: Stage;
  let [client, near, far] = [] as unknown as StageTask[];
  let host: StageHost;
  const router = () => ({ netns: host.router.netnsPath });

  beforeAll(async () => {
    stage = await Stage.make(2, [{}, {}]);
    host = stage.hosts[0]!;
    [client, near, far] = [
      await stage.addTask('client', 1, 1),
      await stage.addTask('near', 1, 1, 2),
      await stage.addTask('far', 2, 1),
    ];
    const endpoints = [near, far].map(({ attachments }) => attachments[0]!.address);
    stage.services = [{ networkId: 'net1', vip: VIP, endpoints }];
    stage.published = [{ protocol: 'tcp', port: 8000, target: 8080, endpoints }];
    // Somebody else's.
    inside(
      host.guest,
      'nft add table ip theirs',
      'nft "add chain ip theirs c { type filter hook forward priority 5; }"',
      'ip route add 192.0.2.0/24 dev eth0 proto 77',
    );
  });
  beforeEach(async () => await stage.apply());
  afterAll(async () => await stage?.end());

  /** And whoever makes it anew remembers nothing. */
  async function removeAll(): Promise<void> {
    for (const one of stage.hosts) {
      await removeRouter(one.options);
      one.router = new Router(one.options);
    }
  }

  /** Through every part of it. */
  async function expectWhole(): Promise<void> {
    expect(await client!.guest.askOften(4, { host: VIP, port: 8080 })).toEqual({
      'near saw 10.201.1.2': 2,
      'far saw 10.201.1.2': 2,
    });
    expect(await stage.outside.askOften(4, { host: '10.90.0.1', port: 8000 })).toEqual({
      'near saw 10.90.0.99': 2,
      'far saw 10.90.0.99': 2,
    });
    expect(await client!.guest.ask({ host: '10.90.0.99', port: 65_001 })).toBe('ECONNREFUSED');
  }

  /** In words, what is seen of what others did. */
  async function sayAstray(): Promise<readonly string[]> {
    const { astray, task } = (await host.router.look({ taskId: 'near' }))!;
    return [...astray, ...task!.astray];
  }

  it.each([
    ['a route', 'router', 'ip route delete 10.201.1.64/26'],
    ['the way out', 'router', 'ip route delete default'],
    ['the way back', 'router', 'ip rule delete pref 1000; ip route flush table 100002'],
    ['a neighbour', 'router', 'ip neighbour flush nud permanent'],
    ['an entry of the overlay', 'router', 'bridge fdb delete 02:6d:75:00:00:02 dev vx0'],
    ['the overlay’s device', 'router', 'ip link delete vx0'],
    ['a link that is down', 'router', 'ip link set vx0 down; ip link set t0ac90102 down'],
    ['a task’s link', 'router', 'ip link delete t0ac90102'],
    ['the uplink', 'router', 'ip link delete uplink'],
    ['a rule', 'router', 'nft flush chain ip muster choose'],
    ['an element', 'router', 'nft "delete element ip muster owners { \\"t0ac90102\\" . 10.201.1.2 }"'],
    ['a table', 'router', 'nft delete table ip muster'],
    ['switches', 'router', 'sysctl -qw net.ipv4.ip_forward=0'],
    ['the table of the host', 'host', 'nft delete table ip $(nft list tables ip | grep -o muster_.*)'],
    ['an address of the uplink', 'host', 'ip address flush dev $(ip -br link | grep -o "^muster[0-9a-f]*")'],
    ['what Docker lets pass', 'host', 'iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN'],
    [
      'a task’s routes',
      'task',
      'ip route flush dev eth0; ip rule delete pref 1000; ip route flush table 1001',
    ],
    ['a task’s address', 'task', 'ip address flush dev eth0'],
  ] as const)('is mended where somebody breaks %s', async (_, where, command) => {
    const place = { router: router(), host: host.guest, task: near!.guest }[where];
    inside(place, command);
    expect(await sayAstray()).not.toEqual([]);
    await stage.apply('mend');
    expect(await sayAstray()).toEqual([]);
    await expectWhole();
  });

  it('is left alone where it is as it should be', async () => {
    await stage.apply('mend');
    const look = () => [router(), host.guest, client!.guest].map((place) => inside(place, ...EVERYTHING));
    const before = look();
    await stage.apply('mend');
    await stage.apply();
    expect(look()).toEqual(before);
  });

  it('loses no connection while its rules are written, in part or as a whole', async () => {
    const [service] = stage.services as [(typeof stage.services)[0]];
    let isAsking = true;
    const asking = Promise.all([
      client!.guest.askOften(500, { host: VIP, port: 8080 }),
      stage.outside.askOften(500, { host: '10.90.0.1', port: 8000 }),
    ]).finally(() => {
      isAsking = false;
    });
    let written = 0;
    while (isAsking) {
      host.router = new Router(host.options);
      await stage.apply();
      stage.services = [{ ...service, endpoints: service.endpoints.slice(written % 2) }];
      await stage.apply();
      written += 1;
    }
    stage.services = [service];
    const answers = (await asking).flatMap(Object.keys);
    expect(answers.filter((answer) => !/^(near|far) saw 10\./.test(answer))).toEqual([]);
    expect(written).toBeGreaterThan(1);
  });

  it('costs as many forks as there is to change', async () => {
    let forks = 0;
    const count = () => {
      forks += 1;
    };
    const task = await stage.addTask('short', 1, 1);
    const [service] = stage.services as [(typeof stage.services)[0]];
    subscribe(COMMANDS, count);
    const spend = async () => {
      forks = 0;
      await host.router.apply(stage.planOf(host));
      return forks;
    };
    // One in the task, two in the router: links, and rules.
    expect(await spend()).toBe(3);
    expect(await spend()).toBe(0);
    stage.services = [{ ...service, endpoints: [...service.endpoints, task.attachments[0]!.address] }];
    expect(await spend()).toBe(1);
    // And one that looks for flows.
    stage.services = [service];
    expect(await spend()).toBe(2);
    stage.tasks.pop();
    expect(await spend()).toBe(2);
    unsubscribe(COMMANDS, count);
    await task.guest.end();
  });

  it('is changed by a service in that service’s chain alone', async () => {
    const chains = () => inside(router(), 'nft -a list ruleset').split('\n\n\t');
    const before = chains();
    stage.services = [{ ...stage.services[0]!, endpoints: stage.services[0]!.endpoints.slice(1) }];
    await stage.apply();
    const changed = chains().filter((chain, index) => chain !== before[index]);
    expect(changed.map((chain) => chain.split(' {')[0])).toEqual(['chain vip_10_201_1_250']);
    stage.services = [
      { ...stage.services[0]!, endpoints: [near, far].map((one) => one!.attachments[0]!.address) },
    ];
  });

  it('is changed whole where somebody has taken away what a change builds on', async () => {
    inside(router(), 'nft delete table ip muster');
    stage.services = [...stage.services, { ...stage.services[0]!, vip: '10.201.1.251' }];
    await stage.apply();
    expect(await client!.guest.ask({ host: '10.201.1.251', port: 8080 })).toMatch(/saw 10\.201\.1\.2$/);
    stage.services = stage.services.slice(0, 1);
  });

  it('is adopted by a new process, with its links and connections', async () => {
    const links = () => inside(router(), 'ip -br link').replace(/@\S+/g, '');
    await client!.guest.open('kept', { host: VIP, port: 8080 });
    const before = links();
    for (const one of stage.hosts) one.router = new Router(one.options);
    await stage.apply();
    expect(links()).toBe(before);
    expect(await client!.guest.say('kept', 'hello')).toMatch(/heard hello$/);
    await expectWhole();
  });

  it('goes on for the others when a task has gone, and follows one that has started again', async () => {
    const fleeting = await stage.addTask('fleeting', 1, 1);
    await stage.apply();
    await fleeting.guest.end();
    const { failures } = await host.router.mend(stage.planOf(host));
    expect(failures.map(({ taskId }) => taskId)).toEqual(['fleeting']);
    await expectWhole();
    const next = await host.router.apply(stage.planOf(host));
    expect(next.failures.map(({ taskId }) => taskId)).toEqual(['fleeting']);
    stage.tasks.pop();
    const again = await stage.addTask('fleeting', 1, 1);
    await stage.apply();
    expect(await client!.guest.ask({ host: again.attachments[0]!.address, port: 8080 })).toMatch(
      /^fleeting saw/,
    );
    stage.tasks.pop();
    await stage.apply();
    expect(inside(router(), 'ip address show; ip route show')).not.toContain(again.attachments[0]!.address);
    await again.guest.end();
  });

  it('attaches a task once what stood in its way is gone', async () => {
    const task = await stage.addTask('blocked', 1, 1, 2);
    inside(task.guest, 'ip link add eth1 type veth peer name eth9');
    const { failures } = await host.router.apply(stage.planOf(host));
    expect(failures).toEqual([{ taskId: 'blocked', reason: expect.stringContaining('File exists') }]);
    expect((await host.router.mend(stage.planOf(host))).failures).toHaveLength(1);
    inside(task.guest, 'ip link delete eth1');
    await stage.apply();
    for (const { address } of task.attachments.slice(0, 1))
      expect(await client!.guest.ask({ host: address, port: 8080 })).toBe('blocked saw 10.201.1.2');
    stage.tasks.pop();
    await task.guest.end();
  });

  it('leaves a task that goes on without it as it was', async () => {
    const guest = await stage.addTask('leaving', 1, 1, 2);
    const before = inside(guest.guest, 'ip link set lo up', ...EVERYTHING);
    await stage.apply();
    stage.tasks.pop();
    await stage.apply();
    expect(inside(guest.guest, ...EVERYTHING)).toBe(before);
    await guest.guest.end();
  });

  it('is gone after its removal, whoever was killed at whichever of its forks', {
    timeout: 300_000,
  }, async () => {
    await removeAll();
    const program = bundle('apply.fixture.ts', stage.folder);
    const all = () =>
      [host.guest, client!.guest, near!.guest].map((place) => withoutCounts(inside(place, ...EVERYTHING)));
    const before = all();
    let killAtFork = 0;
    let signal: string | null = 'SIGKILL';
    while (signal !== null) {
      killAtFork += 1;
      const input = JSON.stringify({ options: host.options, plan: stage.planOf(host), killAtFork });
      const run = spawnSync(process.execPath, [program], { input, encoding: 'utf8' });
      signal = run.signal;
      expect([killAtFork, run.status, run.stderr]).toEqual([killAtFork, signal === null ? 0 : null, '']);
      // Some are adopted, the others only removed.
      if (killAtFork % 5 === 0) {
        await stage.apply();
        await expectWhole();
      }
      await removeAll();
      expect(all()).toEqual(before);
      expect(existsSync(host.router.netnsPath)).toBe(false);
      expect(readdirSync(stage.folder).filter((name) => name.endsWith('.sock'))).toEqual([]);
    }
    expect(killAtFork).toBeGreaterThan(10);
  });
});

/** Without numbers that only go up, whoever comes and goes. */
function withoutCounts(text: string): string {
  return text.replace(/ # handle \d+|counter packets \d+ bytes \d+/g, '');
}
