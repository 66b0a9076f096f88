// Asking again: what has the id of something that was asked before is asked once, whoever publishes it.
import { DUPLICATE_WINDOW_MS, LOG_STREAM } from '@muster/log';
import { connect as connectOldClient, headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;
/** Of the client library that most scripts use. */
let connection: NatsConnection;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.start('up', '--nodes', '1', '--backend', 'simulator');
  watch = await cluster.watch();
  connection = await connectOldClient({ servers: cluster.url });
  await watch.until('the node', areReady(1));
});

afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

const run = (id: string, command: readonly string[], ...args: string[]) =>
  cluster.run(['--as', 'ana', ...command, '--intent-id', id, '-d', ...args]);
const create = ['service', 'create'];
const intents = () => watch.facts.filter(({ is }) => is === 'intent').length;

/** What both say; and that one intent came of it. */
async function twice(id: string, command: readonly string[], ...args: string[]) {
  const before = intents();
  const first = await run(id, command, ...args);
  const second = await run(id, command, ...args);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(second).toMatchObject({ code: 0, stdout: first.stdout });
  expect(second.stderr).toMatch(/^(intent #\d+ was asked before with this id: it is not asked again\n)+$/);
  return intents() - before;
}

it('is safe with an id, for each command that asks for something', async () => {
  expect(await twice('a', create, '--name', 'web', 'x')).toBe(1);
  await watch.until('web', hasConverged('web', 1));
  expect(await twice('b', ['service', 'update'], '--replicas', '2', 'web')).toBe(1);
  expect(await twice('c', create, '--name', 'api', 'x')).toBe(1);
  expect(await twice('d', ['service', 'scale'], 'web=3', 'api=2')).toBe(2);
  expect(await twice('e', ['pub'], 'service.scale.web', '{"replicas":4}')).toBe(1);
  expect(await twice('f', ['service', 'rm'], 'web', 'api')).toBe(2);
  // Another id asks anew.
  expect(await twice('g', create, '--name', 'web', 'x')).toBe(1);
});

it('is one with what any client of NATS publishes', async () => {
  const headed = headers();
  headed.set('Nats-Msg-Id', 'of-a-script');
  const subject = 'muster.intent.ana.service.apply.script';
  const publish = async () =>
    (await connection.request(subject, '{"image":"x"}', { headers: headed, timeout: 5_000 })).json<object>();
  const first = await publish();
  expect(await publish()).toEqual({ ...first, duplicate: true });
  const { seq } = first as { seq: number };
  const { stdout } = await run('of-a-script', ['pub'], 'service.apply.script', '{"image":"x"}');
  expect(stdout).toBe(`#${seq} ${subject}\n`);
});

it('takes no id for two things', async () => {
  expect(await run('h', create, '--name', 'one', 'x')).toMatchObject({ code: 0 });
  const other = await run('h', create, '--name', 'other', 'x');
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(
    /^Error: nothing was asked: the id h is that of intent #\d+, on muster\.intent\.ana\.service\.create\.one; take another\n$/,
  );
  const nameless = await run('i', create, 'x');
  expect(nameless).toMatchObject({ code: 2, stderr: expect.stringContaining('--intent-id needs --name') });
  const blank = await run('a b', create, '--name', 'one', 'x');
  expect(blank).toMatchObject({ code: 2, stderr: expect.stringContaining('no blanks') });
});

it('holds for as long as is said', async () => {
  const { config } = (await connection.request(`$JS.API.STREAM.INFO.${LOG_STREAM}`)).json<{
    config: { duplicate_window: number };
  }>();
  expect(config.duplicate_window).toBe(DUPLICATE_WINDOW_MS * 1e6);
});
