// Three servers come back with stores that are some records old, under load: every copy notices, nobody decides on what
// was lost, all agree afterwards, and what is gone has a name.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeJson, intentSubject } from '@muster/events';
import { DEFAULT_TEAM, TaskState } from '@muster/model';
import { type Logger, type NatsCluster, silentLogger, startNatsCluster } from '@muster/runtime';
import { type ClusterState, createChanges, createState, foldRecord, hashState } from '@muster/state';
import { createTelemetry } from '@muster/telemetry';
import { afterEach, expect, it, vi } from 'vitest';
import { examine } from '../doctor/examine.ts';
import { diagnose } from '../doctor/findings.ts';
import { withSession } from '../session.ts';
import { startSimulatedAgents } from '../up/simulated-agents.ts';
import { type ClusterConnection, connectCluster } from './cluster-connection.ts';
import { type Running, startControlPlane } from './control-plane.ts';
import { controlRoles } from './start-role.ts';

const LOG_STREAM = 'MUSTER_LOG';
const HEARTBEAT_MS = 1_000;
const PATIENTLY = { timeout: 60_000, interval: 50 };

const clean: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of clean.splice(0).reverse()) await end();
});

interface Copy {
  readonly running: Running;
  readonly said: string[];
  readonly failures: Error[];
  readonly metrics: () => Promise<string>;
}

it.each([14, 3_000])(
  'a log that comes back without its last %i records',
  async (lost) => {
    const dir = await mkdtemp(join(tmpdir(), 'muster-lost-end-'));
    clean.push(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
    const nats = await startNatsCluster({ dir: join(dir, 'nats'), size: 3 });
    clean.push(() => nats.stop());
    const connect = async (name: string) => {
      const cluster = await connectCluster({ url: nats.url, name, clusterName: 'test', replicas: 3 });
      clean.push(() => cluster.close());
      return cluster;
    };
    const copies = [await startCopy(await connect('one')), await startCopy(await connect('two'))];
    await startNodes(await connect('nodes'), dir);
    const load = startLoad(await connect('load'));
    const allAt = (seq: number) =>
      vi.waitFor(() => {
        for (const { running } of copies) expect(running.follower.state.head).toBeGreaterThanOrEqual(seq);
      }, PATIENTLY);

    await load.apply('early', 20);
    await untilQuiet(copies, load.log);
    // Before they come back, when somebody may have something to say of it.
    const kept = await load.log.head();
    await whileStopped(nats, () => cp(join(dir, 'nats'), join(dir, 'kept'), { recursive: true }));
    const [between] = await load.apply('between', 1);
    await untilQuiet(copies, load.log);
    expect(copies.map(({ said }) => said)).toEqual([[], []]);

    const gone: string[] = [`#${between} ${nameOf('between', 0)}`];
    while ((await load.log.head()) < kept + lost) {
      const seqs = await load.apply(`gone-${gone.length}`, Math.max(1, Math.round(lost / 60)));
      gone.push(...seqs.map((seq, index) => `#${seq} ${nameOf(`gone-${gone.length}`, index)}`));
      // However busy the machine: of more intents than a thousand, not all are named.
      await allAt(seqs.at(-1)! + seqs.length);
    }
    await untilQuiet(copies, load.log);
    const had = await load.log.head();
    await whileStopped(nats, async () => {
      await rm(join(dir, 'nats'), { recursive: true });
      await cp(join(dir, 'kept'), join(dir, 'nats'), { recursive: true });
    });
    await load.apply('late', 40);

    await vi.waitFor(() => {
      for (const { running } of copies)
        expect(running.follower.state.serviceByName.has(DEFAULT_TEAM, 'late-39')).toBe(true);
    }, PATIENTLY);
    // Agents obey what is told after the loss, though its sequences are lower than of what they were told before.
    await vi.waitFor(() => expect(countRunning(copies[0]!.running, 'late')).toBe(40), PATIENTLY);
    await untilQuiet(copies, load.log);
    await allAt(await load.log.head());
    for (const { running: copy, said, failures, metrics } of copies) {
      expect(failures).toEqual([]);
      expect(said.join('\n')).toContain(`the log has lost what was read of it after ${kept}, up to ${had}`);
      expect(said.join('\n')).toContain(gone.at(1));
      expect(await metrics()).toMatch(/^muster_log_lost_intents_total\{role="api"\} \d\d*$/m);
      const { state } = copy.follower;
      expect(state.losses).toEqual([expect.objectContaining({ after: kept, to: had, omitted: 0 })]);
      expect(state.losses[0]!.intents.map(({ seq, subject }) => `#${seq} ${subject}`)).toEqual(gone);
      expect(state.intents.size).toBe(0);
    }
    const again = await refold(load.log);
    // Nobody was deciding when it was lost, and nobody decided on it afterwards.
    expect(again.state.astray).toBe(0);
    expect(again.decisions).toBeGreaterThan(40);
    for (const { running } of copies) expect(hashState(running.follower.state)).toBe(hashState(again.state));

    await withSession({ nats: nats.url, as: 'test' } as never, async (context) => {
      const findings = diagnose(await examine({ ...context, terminal: undefined } as never));
      expect(findings.find(({ what }) => what === 'lost')?.says).toContain(gone[0]);
    });
  },
  120_000,
);

async function startCopy(cluster: ClusterConnection): Promise<Copy> {
  const said: string[] = [];
  const failures: Error[] = [];
  const logger: Logger = {
    ...silentLogger,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (facts: object, message: string) => said.push(`${message} ${JSON.stringify(facts)}`),
  } as unknown as Logger;
  const telemetry = createTelemetry('test');
  const url = await telemetry.listen({ host: '127.0.0.1', port: 0 });
  const running = await startControlPlane({
    cluster,
    roles: controlRoles,
    copy: 'test',
    logger,
    telemetry,
    heartbeatMs: HEARTBEAT_MS,
    snapshotEvery: 200,
    onFailure: (error) => failures.push(error),
  });
  telemetry.noteStarted();
  clean.push(async () => {
    await running.stop();
    await telemetry.stop();
  });
  return { running, said, failures, metrics: async () => (await fetch(`${url}/metrics`)).text() };
}

async function startNodes(cluster: ClusterConnection, dir: string): Promise<void> {
  const agents = await startSimulatedAgents({
    cluster,
    clusterName: 'test',
    dir: join(dir, 'nodes'),
    labels: {},
    heartbeatMs: HEARTBEAT_MS,
    logger: silentLogger,
    telemetry: createTelemetry('test'),
    count: 4,
    hostnameOf: (index) => `node${index}`,
  });
  clean.push(() => Promise.all(agents.map((agent) => agent.stop())));
}

function countRunning({ follower }: Running, prefix: string): number {
  const services = [...follower.state.services.values()].filter(({ spec }) => spec.name.startsWith(prefix));
  return services
    .flatMap(({ tasks }) => [...tasks.values()])
    .filter(({ observed }) => observed === TaskState.RUNNING).length;
}

function nameOf(prefix: string, index: number): string {
  return intentSubject('ana', 'service', 'apply', `${prefix}-${index}`);
}

function startLoad({ log }: ClusterConnection) {
  return {
    log,
    /** The sequences of what was asked for. */
    async apply(prefix: string, count: number): Promise<number[]> {
      const body = encodeJson({ image: 'x:1', replicas: 1 });
      const results = await Promise.all(
        Array.from({ length: count }, (_, index) => log.append(nameOf(prefix, index), body)),
      );
      return results.map((result) => (result.ok ? result.seq : 0));
    },
  };
}

/** Everybody is level with the log, and nobody has had anything to say for a while. */
async function untilQuiet(copies: readonly Copy[], log: ClusterConnection['log']): Promise<void> {
  for (let head = -1; ; ) {
    await delay(700); // nothing tells that nothing more comes
    const now = await log.head();
    const level = copies.every(
      ({ running: { follower } }) => follower.isCertain && follower.state.head === now,
    );
    if (level && now === head) return;
    head = now;
  }
}

async function whileStopped(nats: NatsCluster, action: () => Promise<void>): Promise<void> {
  await Promise.all(nats.servers.map((server) => server.kill('SIGTERM')));
  await action();
  await Promise.all(nats.servers.map((_server, index) => nats.restart(index)));
  // Elections of the meta group and of the stream: until then nobody answers.
  await vi.waitUntil(async () => (await nats.leaderOf(LOG_STREAM)) !== undefined, PATIENTLY);
}

async function refold(log: ClusterConnection['log']): Promise<{ state: ClusterState; decisions: number }> {
  const state = createState();
  let decisions = 0;
  for await (const record of log.read({ from: 1 })) {
    const fact = foldRecord(state, record, createChanges());
    if (fact.is === 'event' && 'read' in fact.event && fact.event.read) decisions += 1;
  }
  return { state, decisions };
}
