// A running cluster as Prometheus, probes and `muster top` see it: real processes, and a nats-server that stands still,
// dies and comes back.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { encodeJson, eventSubject, type Fact } from '@muster/events';
import { type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ControlRole, controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import { spawnMuster } from '../harness/program.ts';
import type { LogLine, RoleProcess } from '../harness/role-process.ts';
import { areReady, catchUp, hasConverged } from '../harness/sightings.ts';
import { failing, metricsUrl, probe, probeUntil, scrape } from '../harness/telemetry.ts';
import type { Watch } from '../harness/watch.ts';

const REPLICAS = 6;
const PATIENTLY = { timeout: 20_000 };

let server: NatsServerProcess;
let cluster: TestCluster;
let watch: Watch;
let control: Record<ControlRole, RoleProcess[]>;
let agents: RoleProcess[];

const everybody = () => [...Object.values(control).flat(), ...agents];
const isOk = ({ status }: { readonly status: number }) => status === 200;

beforeAll(async () => {
  server = await startNatsServer();
  cluster = await startCluster({ url: server.url, heartbeatMs: 1_000, env: { MUSTER_SNAPSHOT_EVERY: '5' } });
  control = await cluster.startControl(2, '--metrics', '0');
  const args = ['--metrics', '0'];
  agents = await Promise.all(
    ['one', 'two'].map((name) => cluster.startAgent(name, { backend: 'simulator', args })),
  );
  watch = await cluster.watch();
  await watch.until('both nodes', areReady(2));
  await cluster.intend(watch, 'create', 'web', { image: 'web', replicas: REPLICAS });
  await watch.until('six tasks', hasConverged('web', REPLICAS));
  await catchUp(watch);
});

afterAll(async () => {
  await cluster?.stop();
  await server?.stop();
  // The second server of the directory leaves it to whoever named it.
  await rm(server.dir, { recursive: true, force: true });
});

describe('metrics', () => {
  async function sum(role: ControlRole | 'agent', name: string, labels = ''): Promise<number> {
    const copies = role === 'agent' ? agents : control[role];
    const scraped = await Promise.all(copies.map(scrape));
    const series = `${name}{role="${role}"${labels}}`;
    const values = scraped.map((samples) => samples.get(series));
    if (values.every((value) => value === undefined)) throw new Error(`nobody has ${series}`);
    return values.reduce<number>((total, value) => total + (value ?? 0), 0);
  }

  it.each(controlRoles)('of every copy of the %s tell how far it has folded', async (role) => {
    for (const copy of control[role]) {
      await probeUntil(copy, 'readyz', isOk);
      const samples = await scrape(copy);
      const labels = `{role="${role}"}`;
      expect(samples.get(`muster_log_head_sequence${labels}`)).toBeGreaterThanOrEqual(watch.state.head);
      expect(samples.get(`muster_fold_lag_events${labels}`)).toBe(0);
      expect(samples.get(`muster_fold_halted${labels}`)).toBe(0);
      expect(samples.get(`muster_nats_connected${labels}`)).toBe(1);
      expect(samples.get(`muster_state_objects{role="${role}",kind="tasks"}`)).toBe(REPLICAS);
      expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(1e6);
      expect(samples.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    }
  });

  it('count as many decisions as there are events in the log', async () => {
    for (const role of ['orchestrator', 'scheduler', 'dispatcher'] as const) {
      // The record that names the cluster is nobody's decision.
      const isDecision = (fact: Fact) =>
        fact.is === 'event' && fact.event.writer === role && fact.event.type !== 'cluster.created';
      // One may be written between two questions: of a node whose heartbeat is late, or of a version that is raised.
      await vi.waitFor(async () => {
        const written = watch.facts.filter(isDecision).length;
        expect(await sum(role, 'muster_decisions_total')).toBe(written);
        const appends = await sum(role, 'muster_append_duration_seconds_count');
        const lost = await sum(role, 'muster_conflicts_total');
        expect(appends).toBe(written + lost + (await sum(role, 'muster_failures_total')));
      }, PATIENTLY);
      expect(await sum(role, 'muster_decide_duration_seconds_count')).toBeGreaterThan(0);
    }
  });

  it('tell of commands, and how long they took from the event in the log', async () => {
    const written = await sum('dispatcher', 'muster_commands_written_total');
    expect(written).toBeGreaterThanOrEqual(REPLICAS);
    expect(await sum('dispatcher', 'muster_command_latency_seconds_count')).toBeGreaterThan(0);
    const meanMs =
      (1000 * (await sum('dispatcher', 'muster_command_latency_seconds_sum'))) /
      (await sum('dispatcher', 'muster_command_latency_seconds_count'));
    expect(meanMs).toBeLessThan(5_000);
    expect(await sum('dispatcher', 'muster_queue_length', ',queue="commands"')).toBe(0);
  });

  it('tell of the tasks of a node, and of its reports', async () => {
    expect(await sum('agent', 'muster_agent_tasks', ',state="running"')).toBe(REPLICAS);
    const reported = watch
      .events('tasks.reported')
      .reduce((total, { event }) => total + event.statuses.length, 0);
    expect(await sum('agent', 'muster_agent_reports_total')).toBe(reported);
    expect(await sum('agent', 'muster_agent_nodes', ',state="running"')).toBe(2);
  });

  it('tell of what the cluster runs, by the API alone', async () => {
    const [api] = control.api;
    const samples = await scrape(api!);
    const ofService = (name: string) =>
      [...samples].filter(([series]) => series.startsWith(`${name}{`)).map(([, value]) => value);
    expect(ofService('muster_service_desired_tasks')).toEqual([REPLICAS]);
    expect(ofService('muster_service_running_tasks')).toEqual([REPLICAS]);
    expect(ofService('muster_service_restarts_total')).toEqual([0]);
    expect(samples.get('muster_nodes{role="api",state="ready"}')).toBe(2);
    expect(samples.get('muster_tasks{role="api",state="running"}')).toBe(REPLICAS);
    expect(await sum('agent', 'muster_agent_started_tasks_total')).toBe(REPLICAS);
    const others = await scrape(control.scheduler[0]!);
    expect([...others.keys()].filter((series) => /^muster_(services?_|tasks|nodes)/.test(series))).toEqual(
      [],
    );
  });

  it('tell of snapshots', async () => {
    expect(await sum('orchestrator', 'muster_snapshots_total', ',result="stored"')).toBeGreaterThan(0);
    expect(await sum('orchestrator', 'muster_snapshots_total', ',result="failed"')).toBe(0);
    expect(await sum('orchestrator', 'muster_snapshot_size_bytes')).toBeGreaterThan(0);
  });

  it('tell of queries', async () => {
    const before = await sum('api', 'muster_query_duration_seconds_count').catch(() => 0);
    await cluster.print('service', 'ls');
    expect(await sum('api', 'muster_query_duration_seconds_count')).toBeGreaterThan(before);
  });

  it('are not there for those who ask for something else', async () => {
    const url = metricsUrl(control.api[0]!);
    expect((await fetch(`${url}/secrets`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect(await (await fetch(url)).text()).toBe('/metrics\n/healthz\n/readyz\n');
  });
});

describe('muster top', () => {
  const top = async (...args: string[]) =>
    (await cluster.print('top', '--no-stream', '--format', 'json', ...args))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);

  it('shows every copy, each in its own process', async () => {
    const rows = await top();
    expect(rows.map(({ Role }) => Role)).toEqual(controlRoles.flatMap((role) => [role, role]));
    const pids = Object.values(control).flatMap((copies) => copies.map(({ pid }) => String(pid)));
    expect(rows.map(({ PID }) => PID).sort()).toEqual(pids.sort());
    for (const row of rows) {
      expect(row).toMatchObject({ Status: 'ready', Version: '0.1.0', Lag: '0' });
      expect(row.CPUPerc).toMatch(/^\d+\.\d%$/);
      expect(row.MemUsage).toMatch(/MiB$/);
    }
  });

  it('shows nodes to who asks for them', async () => {
    const nodes = (await top('--nodes')).filter(({ Role }) => Role === 'agent');
    expect(nodes.map(({ Copy, Status }) => `${Copy} ${Status}`)).toEqual(['one ready', 'two ready']);
  });

  it('has the cluster in a line, and takes a template', async () => {
    const [summary] = (await cluster.print('top', '--no-stream')).split('\n');
    expect(summary).toMatch(
      /^nodes 2 ready · services 1 · tasks 6 running · intents waiting 0 · log \d+ records/,
    );
    const lines = (await cluster.print('top', '--no-stream', '--format', '{{.Role}} {{.Queue}}')).split('\n');
    expect(lines[0]).toBe('orchestrator 0');
  });

  it('goes on, misses a copy that stands still, and ends with Ctrl-C', async () => {
    const [stopped] = control.scheduler;
    const format = '{{.PID}} {{.Status}}';
    const child = spawnMuster(['top', '--format', format], { MUSTER_NATS: cluster.url });
    const lines = createInterface({ input: child.stdout! });
    const closed = once(child, 'close');
    const seen = (line: string) =>
      new Promise<void>((resolve) => {
        lines.on('line', function look(found) {
          if (found !== line) return;
          lines.off('line', look);
          resolve();
        });
      });
    await seen(`${stopped!.pid} ready`);
    stopped!.signal('SIGSTOP');
    await seen(`${stopped!.pid} does not answer`);
    stopped!.signal('SIGCONT');
    await seen(`${stopped!.pid} ready`);
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  });
});

describe('a copy that starts', () => {
  it('is alive, and not ready before it has joined', async () => {
    const args = ['agent', '--dir', `${cluster.dir}/starting`, '--metrics', '0'];
    const child = spawnMuster(args, {
      MUSTER_NATS: cluster.url,
      DOCKER_HOST: `unix://${cluster.dir}/no-engine`,
    });
    const log: LogLine[] = [];
    for await (const line of createInterface({ input: child.stderr! })) {
      log.push(JSON.parse(line));
      if (log.at(-1)!.msg === 'the agent starts') break;
    }
    const agent = { role: 'agent', log } as unknown as RoleProcess;
    expect((await probe(agent, 'healthz')).status).toBe(200);
    const readiness = await probe(agent, 'readyz');
    expect(readiness.status).toBe(503);
    expect(failing(readiness)).toContain('joined: starting');
    child.kill('SIGKILL');
    await once(child, 'close');
  });

  it('says so when it can not listen where it is told to', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { code, stderr } = await cluster.run(['scheduler', '--metrics', String(port)]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`can't listen on 127.0.0.1:${port} for metrics: something else listens there`);
    const wrong = await cluster.run(['scheduler', '--metrics', 'everywhere']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('It looks like 9600, :9600 or 10.0.0.1:9600.');
  });
});

// Last: it shakes everybody.
describe('health and readiness', () => {
  it('are both well in everybody', async () => {
    for (const role of everybody()) {
      expect((await probe(role, 'healthz')).status).toBe(200);
      const readiness = await probe(role, 'readyz');
      expect([role.role, ...failing(readiness)]).toEqual([role.role]);
      expect(readiness.status).toBe(200);
    }
  });

  it('differ while nats-server stands still: nobody is ready, and nobody needs another start', async () => {
    await server.kill('SIGSTOP');
    try {
      for (const role of controlRoles) {
        const [copy] = control[role];
        const answer = await probeUntil(copy!, 'readyz', ({ status }) => status === 503);
        expect(failing(answer)).toContain('log: the log does not answer');
        expect((await probe(copy!, 'healthz')).status).toBe(200);
        const samples = await scrape(copy!);
        expect(samples.has(`muster_fold_lag_events{role="${role}"}`)).toBe(false);
        expect(samples.has(`muster_fold_head_sequence{role="${role}"}`)).toBe(true);
      }
    } finally {
      await server.kill('SIGCONT');
    }
    for (const role of everybody()) await probeUntil(role, 'readyz', isOk);
  });

  it('differ while nats-server is gone, and are well again once it is back', async () => {
    const { port, dir } = server;
    await server.kill();
    for (const role of everybody()) {
      const answer = await probeUntil(role, 'readyz', ({ status }) => status === 503);
      expect(failing(answer)).toContain('nats: not connected');
      expect((await probe(role, 'healthz')).status).toBe(200);
    }
    server = await startNatsServer({ port, dir });
    for (const role of everybody()) {
      await probeUntil(role, 'readyz', isOk);
      const samples = await scrape(role);
      expect(samples.get(`muster_nats_reconnects_total{role="${role.role}"}`)).toBeGreaterThan(0);
      const restarts = [...samples].filter(([series]) => series.startsWith('muster_consumer_restarts_total'));
      expect(restarts.reduce((total, [, value]) => total + value, 0)).toBeGreaterThan(0);
    }
  });

  it('differ for copies that are too old for what is in the log, which say so everywhere', async () => {
    const at = new Date().toISOString();
    const newer = encodeJson({ v: 99, type: 'service.created', writer: 'orchestrator', cause: 0, at });
    await watch.log.append(eventSubject('orchestrator', 'service', 'future'), newer);
    const [copy] = control.scheduler;
    const answer = await probeUntil(copy!, 'readyz', ({ status }) => status === 503);
    expect(failing(answer)).toEqual([
      expect.stringMatching(/^halted: halted on record \d+ .*service\.created.*; upgrade every copy/),
    ]);
    const life = await probe(copy!, 'healthz');
    expect(life.status).toBe(200);
    expect(life.body.checks.find(({ check }) => check === 'halted')?.says).toContain('muster log void');
    expect((await scrape(copy!)).get('muster_fold_halted{role="scheduler"}')).toBe(1);
    expect(await cluster.print('top', '--no-stream', '--format', '{{.Role}}: {{.Status}}')).toContain(
      'scheduler: halted: ',
    );
  });
});
