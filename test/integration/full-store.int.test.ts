// A log that has no room: whoever has something to store says so, is not ready, and goes on by itself when there is room.
import { ensureStreams, JetStreamLog } from '@muster/log';
import { connectNats, foundCluster, startNatsServer, systemClock } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlRole, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import { failing, probeUntil, scrape } from '../harness/telemetry.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;
let control: Record<ControlRole, RoleProcess[]>;
let agent: RoleProcess;
let connection: Awaited<ReturnType<typeof connectNats>>;

beforeAll(async () => {
  cluster = await startCluster({ heartbeatMs: 1_000 });
  control = await cluster.startControl(1, '--metrics', '0');
  agent = await cluster.startAgent('one', { backend: 'simulator', args: ['--metrics', '0'] });
  watch = await cluster.watch();
  await watch.until('the node', areReady(1));
  connection = await connectNats(cluster.url, { name: 'test' });
});

afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

/** As an operator does, or a disk that is what it is; -1 is no limit. */
async function limit(room: (bytes: number) => number): Promise<void> {
  const { config, state } = (await connection.request('$JS.API.STREAM.INFO.MUSTER_LOG')).json() as {
    readonly config: object;
    readonly state: { readonly bytes: number };
  };
  const wanted = JSON.stringify({ ...config, max_bytes: room(state.bytes) });
  const answer = (await connection.request('$JS.API.STREAM.UPDATE.MUSTER_LOG', wanted)).json();
  expect(answer).not.toHaveProperty('error');
}

const say = ({ log }: RoleProcess, what: string) => log.filter(({ msg }) => msg.startsWith(what));

it('is seen in readiness, log and metrics, and over when there is room, without another start', async () => {
  await cluster.intend(watch, 'create', 'web', { image: 'web', replicas: 3 });
  await watch.until('three tasks', hasConverged('web', 3));
  const [orchestrator] = control.orchestrator;

  // Room for the intent, and for nothing that follows from it.
  await limit((bytes) => bytes + 250);
  await cluster.intend(watch, 'scale', 'web', { replicas: 8 });
  const answer = await probeUntil(orchestrator!, 'readyz', ({ status }) => status === 503);
  expect(failing(answer)).toEqual([
    expect.stringMatching(/^log-writable: nothing can be stored: NATS has no room for it \(maximum bytes/),
  ]);
  expect(say(orchestrator!, 'nothing can be stored')).toHaveLength(1);
  const series = '{role="orchestrator",stream="MUSTER_LOG"}';
  const samples = await scrape(orchestrator!);
  expect(samples.get(`muster_store_refusing${series}`)).toBe(1);
  expect(samples.get(`muster_store_no_room_total${series}`)).toBeGreaterThan(0);

  const doctor = () => cluster.run(['doctor']);
  expect(await doctor()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(
      /fail +store +nothing can be stored in MUSTER_LOG: NATS has no room for it \(maximum bytes/,
    ),
  });

  // Longer than any append is tried for.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  expect(say(orchestrator!, 'nothing can be stored')).toHaveLength(1);
  expect(say(orchestrator!, 'what waited')).toHaveLength(0);

  await limit(() => -1);
  await watch.until('eight tasks', hasConverged('web', 8));
  await probeUntil(orchestrator!, 'readyz', ({ status }) => status === 200);
  await probeUntil(agent, 'readyz', ({ status }) => status === 200);
  expect(say(orchestrator!, 'what waited can be stored again')).toHaveLength(1);
  expect(await doctor()).toMatchObject({ code: 0 });
  expect((await scrape(orchestrator!)).get(`muster_store_refusing${series}`)).toBe(0);
});

it.each([
  ['an account', 'max_file: 4MB', ''],
  ['a server', '', 'max_file_store: 4MB'],
])('is known as such where the limit is that of %s', async (_, ofAccount, ofServer) => {
  const server = await startNatsServer({
    jetstreamConfig: ofServer,
    extraConfig: `accounts { A { jetstream { ${ofAccount} }, users [{ user: a, password: a }] } }
no_auth_user: a`,
  });
  const nc = await connectNats(server.url, { name: 'test' });
  try {
    await ensureStreams(nc);
    const log = new JetStreamLog(nc, { retryForMs: 500 });
    const found = () => foundCluster(log, { clusterId: 'c', name: 'c' }, systemClock);
    await found();
    const fill = async () => {
      for (let count = 0; count < 8; count += 1) {
        await log.append('muster.intent.ana.service.apply.web', new Uint8Array(1_000_000));
      }
    };
    await expect(fill()).rejects.toMatchObject({
      name: 'LogUnavailableError',
      isFull: true,
      message: expect.stringContaining('has no room'),
    });
    // Roles start on it all the same.
    await found();
  } finally {
    await nc.close();
    await server.stop();
  }
});
