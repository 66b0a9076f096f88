// What the data path costs: throughput and latency from task to task, on one node and through the overlay, by address and by
// virtual address, beside a plain veth in the same run; and what a change of one service costs beside many others.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type NetworkPlan, Router, removeRouter, whatIsMissing } from '@muster/network';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { printResult, say } from '../report.ts';
import { median, quantile } from '../statistics.ts';
import { join, makeNamespace, type Namespace } from './namespaces.ts';

const ECHO_PORT = 7000;
const VIP = '10.201.1.250';
const ECHO = `require('net').createServer((s) => s.setNoDelay().on('error', () => s.destroy()).pipe(s)).listen(${ECHO_PORT}, '0.0.0.0')`;

export const net: Bench = {
  summary:
    'Throughput, latency and connections from task to task, beside a plain veth; a change among many services.',
  flags: {
    seconds: { help: 'of each measurement of throughput', default: '3' },
    rounds: { help: 'of everything; medians are shown', default: '3' },
    services: { help: 'services that are there when one changes', default: '1000' },
    changes: { help: 'changes of one service', default: '50' },
  },
  async run(values) {
    const missing = await whatIsMissing();
    if (missing.length > 0) throw new Error(missing.map(({ sentence }) => sentence).join('; '));
    const [plain, plainPeer, hosts, tasks] = [
      await makeNamespace(),
      await makeNamespace(),
      [await makeNamespace(), await makeNamespace()],
      { client: await makeNamespace(), near: await makeNamespace(), far: await makeNamespace() },
    ];
    await plain.run('command -v iperf3').catch(() => {
      throw new Error('there is no program iperf3, which measures throughput: install it');
    });
    await join(plain, plainPeer, ['10.92.0.1', '10.92.0.2']);
    await join(hosts[0]!, hosts[1]!, ['10.90.0.1', '10.90.0.2']);
    const plans = drawPlans(tasks);
    const routers = makeRouters(hosts);
    for (const [index, router] of routers.entries()) await applyOrFail(router, plans[index]!);
    for (const server of [plainPeer, hosts[1]!, tasks.near, tasks.far]) {
      await server.keep(['iperf3', '-s']);
      await server.keep([process.execPath, '-e', ECHO]);
      await untilServed(server);
    }
    await measureWays(
      {
        'plain veth': { from: plain, to: '10.92.0.2' },
        'between hosts': { from: hosts[0]!, to: '10.90.0.2' },
        'one node': { from: tasks.client, to: '10.201.1.3' },
        overlay: { from: tasks.client, to: '10.201.1.66' },
        'overlay, by VIP': { from: tasks.client, to: VIP },
      },
      values.number('rounds'),
      values.number('seconds'),
    );
    await measureChanges(routers[0]!, plans[0]!, values.number('services'), values.number('changes'));
  },
};

function makeRouters(hosts: readonly Namespace[]): Router[] {
  const runDir = mkdtempSync(path.join(tmpdir(), 'muster-bench-net-'));
  atEnd(() => rmSync(runDir, { recursive: true }));
  return hosts.map((host, index) => {
    const identity = { clusterId: `bench-${process.pid}`, nodeId: `${index}`, host: host.path, runDir };
    atEnd(() => removeRouter(identity));
    // Nothing is published, so nothing is held.
    return new Router({ ...identity, holderCommand: [] });
  });
}

function drawPlans({ client, near, far }: Record<'client' | 'near' | 'far', Namespace>): NetworkPlan[] {
  const attach = (taskId: string, address: string, { path: netns }: Namespace) => ({
    taskId,
    networkId: 'net',
    address,
    netns,
    interface: 'eth0',
  });
  const attachments = [
    [attach('client', '10.201.1.2', client), attach('near', '10.201.1.3', near)],
    [attach('far', '10.201.1.66', far)],
  ];
  return [1, 2].map((number) => ({
    node: { number, underlay: `10.90.0.${number}` },
    networks: [{ id: 'net', number: 1, subnet: '10.201.1.0/24', internal: false }],
    peers: [
      {
        number: 3 - number,
        underlay: `10.90.0.${3 - number}`,
        blocks: [{ network: 1, block: number === 1 ? '10.201.1.64/26' : '10.201.1.0/26' }],
      },
    ],
    attachments: attachments[number - 1]!,
    services: [{ networkId: 'net', vip: VIP, endpoints: ['10.201.1.66'] }],
    published: [],
  }));
}

interface Way {
  readonly from: Namespace;
  readonly to: string;
}

async function measureWays(
  ways: Readonly<Record<string, Way>>,
  rounds: number,
  seconds: number,
): Promise<void> {
  const found = new Map(Object.keys(ways).map((name) => [name, [] as Figures[]]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      say(`round ${round} of ${rounds}: ${name}`);
      found.get(name)!.push(await measureWay(way, seconds));
    }
  }
  for (const [system, figures] of found) {
    const middle = (kind: keyof Figures) => median(figures.map((one) => one[kind]));
    printResult({
      bench: 'net',
      system,
      gbitPerSecond: middle('gbitPerSecond'),
      roundTripUs: middle('roundTripUs'),
      connectionsPerSecond: middle('connectionsPerSecond'),
    });
  }
}

interface Figures {
  readonly gbitPerSecond: number;
  readonly roundTripUs: number;
  readonly connectionsPerSecond: number;
}

async function measureWay({ from, to }: Way, seconds: number): Promise<Figures> {
  const flow = JSON.parse(await from.run(`iperf3 -c ${to} -t ${seconds} -J`));
  const [roundTripUs, connectionsPerSecond] = JSON.parse(
    await from.run(`${process.execPath} -e "${askEcho(to)}"`),
  );
  return { gbitPerSecond: flow.end.sum_received.bits_per_second / 1e9, roundTripUs, connectionsPerSecond };
}

/** The median of round trips on one connection, and connections one after the other, each with a round trip. */
function askEcho(to: string): string {
  return `
    const { createConnection } = require('net');
    const trip = (s) => new Promise((r) => { s.once('data', r); s.write('?'); });
    const open = () => new Promise((r, f) => { const s = createConnection(${ECHO_PORT}, '${to}', () => r(s)).setNoDelay().on('error', f); });
    (async () => {
      const s = await open();
      const times = [];
      for (let i = 0; i < 5000; i += 1) { const t = performance.now(); await trip(s); times.push(performance.now() - t); }
      s.destroy();
      const began = performance.now();
      for (let i = 0; i < 1000; i += 1) { const one = await open(); await trip(one); one.destroy(); }
      times.sort((a, b) => a - b);
      console.log(JSON.stringify([times[2500] * 1000, 1000000 / (performance.now() - began)]));
    })();
  `;
}

async function untilServed(server: Namespace): Promise<void> {
  const ask = `require('net').createConnection(${ECHO_PORT}, '127.0.0.1', () => process.exit(0)).on('error', () => process.exit(1))`;
  await server.run(
    `for i in $(seq 100); do ${process.execPath} -e "${ask}" && exit 0; sleep 0.1; done; exit 1`,
  );
}

async function measureChanges(
  router: Router,
  plan: NetworkPlan,
  count: number,
  changes: number,
): Promise<void> {
  const endpoints = [2, 3, 66, 67, 68].map((last) => `10.201.1.${last}`);
  const services = Array.from({ length: count }, (_, index) => ({
    networkId: 'net',
    vip: `10.202.${index >> 8}.${index & 255}`,
    endpoints,
  }));
  const many = { ...plan, services };
  const time = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const allMs = await time(() => applyOrFail(router, many));
  const times: number[] = [];
  let now = many;
  for (let change = 0; change < Math.min(changes, count); change += 1) {
    const { vip } = services[change]!;
    // An endpoint leaves, which costs a look at flows as well.
    const fewer = (service: (typeof services)[0]) => ({ ...service, endpoints: endpoints.slice(1) });
    now = { ...now, services: now.services.map((one) => (one.vip === vip ? fewer(one) : one)) };
    times.push(await time(() => applyOrFail(router, now)));
  }
  const lookMs = await time(() => router.mend(now));
  printResult({
    bench: 'net',
    system: 'one change',
    n: count,
    allMs,
    changeMs: median(times),
    p99Ms: quantile(times, 0.99),
    lookMs,
  });
}

async function applyOrFail(router: Router, plan: NetworkPlan): Promise<void> {
  const { failures } = await router.apply(plan);
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join('; '));
}
