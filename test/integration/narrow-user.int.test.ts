// A user whom the NATS server lets do little: what he may do is done, and he is told which permission is missing for what.
import { encodeJson } from '@muster/events';
import { type NatsServerProcess, startNatsServer } from '@muster/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

/** As the guide has them. */
const OPERATOR = [
  'muster.event.operator.void.ana',
  '$JS.API.STREAM.INFO.MUSTER_LOG',
  '$JS.API.STREAM.MSG.GET.MUSTER_LOG',
  '$JS.API.CONSUMER.>',
  'muster.stats.>',
];

let server: NatsServerProcess;
let cluster: TestCluster;
let watch: Watch;

const user = (name: string, publish: string[], subscribe: string[]) =>
  `{ user: ${name}, password: ${name}, permissions: { publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(subscribe)} } }`;

beforeAll(async () => {
  server = await startNatsServer({
    extraConfig: `authorization { users: [
      { user: root, password: root }
      ${user('narrow', ['muster.intent.>', 'muster.query.>'], ['_INBOX.>'])}
      ${user('blind', ['muster.intent.>'], ['_INBOX.>'])}
      ${user('deaf', ['muster.intent.>'], ['nothing'])}
      ${user('reader', ['muster.query.>'], ['_INBOX.>'])}
      ${user('operator', OPERATOR, ['_INBOX.>'])}
    ] }`,
  });
  cluster = await startCluster({ url: as('root') });
  await cluster.startControl(1);
  await cluster.startAgent('one', { backend: 'simulator' });
  watch = await cluster.watch();
  await watch.until('the node', areReady(1));
});

afterAll(async () => {
  await cluster?.stop();
  await server?.stop();
});

const as = (name: string) => server.url.replace('://', `://${name}:${name}@`);
const runAs = (name: string, ...args: string[]) => cluster.run(args, { env: { MUSTER_NATS: as(name) } });
const followLog =
  'NATS does not let this user publish on "$JS.API.STREAM.INFO.MUSTER_LOG", which is needed to follow the log';

it('creates, waits, is refused and changes with intents and queries alone', async () => {
  const created = await runAs('narrow', 'service', 'create', '--stable-for', '4s', '--name', 'web', 'x');
  const [service] = [...watch.state.serviceByName.values()];
  expect(created).toMatchObject({ code: 0, stdout: `${service!.id}\n` });
  expect(created.stderr).toContain(`Warning: ${followLog}: the API was asked instead.\n`);
  // He may not look who is there, and is told nothing of it.
  expect(created.stderr).not.toContain('waits for');
  await watch.until('one task', hasConverged('web', 1));

  const again = await runAs('narrow', 'service', 'create', '-d', '--name', 'web', 'x');
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain('name conflicts with an existing object');
  expect(await runAs('narrow', 'service', 'scale', '-d', 'web=2')).toMatchObject({ code: 0 });
  await watch.until('two tasks', hasConverged('web', 2));
  expect(await runAs('narrow', 'service', 'rm', 'web')).toMatchObject({ code: 0, stdout: 'web\n' });
});

it('says what he may not, and for what, in one sentence', async () => {
  const blind = await runAs('blind', 'service', 'create', '-d', '--name', 'blind', 'x');
  expect(blind.code).toBe(1);
  expect(blind.stderr).toMatch(
    /^Error: intent #\d+ is in the log, and goes its way, but .*"\$JS\.API.*"muster\.query\.audit", which is needed to ask the API\n$/,
  );
  const reader = await runAs('reader', 'service', 'create', '-d', '--name', 'reader', 'x');
  expect(reader.code).toBe(1);
  expect(reader.stderr).toMatch(
    /^Error: NATS does not let this user publish on "muster\.intent\..*", which is needed to ask for changes\n$/,
  );
});

const create = ['service', 'create', '-d'];
it.each([
  [[...create, '--name', 'deaf', 'x'], 'deaf'],
  [['pub', '-d', 'service.apply.mute', '{"image":"x"}'], 'mute'],
])('says how to ask again what may be in the log already: %j', async (args, name) => {
  const asked = () =>
    watch.facts.filter(({ subject }) => subject.startsWith('muster.intent.') && subject.endsWith(`.${name}`));
  const before = asked().length;
  const deaf = await runAs('deaf', '--as', 'ana', ...args);
  expect(deaf.code).toBe(3);
  const [, id] =
    /^Error: not known yet whether this is in the log: .*Permissions Violation for Subscription to "_INBOX\..*repeat the command with `--intent-id (\S+)` within 2 minutes/i.exec(
      deaf.stderr,
    ) ?? [];
  expect(id, deaf.stderr).toBeDefined();
  const at = args.indexOf('-d');
  const again = [...args.slice(0, at), '--intent-id', id!, ...args.slice(at)];
  const repeated = await runAs('root', '--as', 'ana', ...again);
  // It was there all the time; not so what the first one kept from being asked.
  expect(repeated).toMatchObject({ code: 0 });
  expect(repeated.stderr).toContain('was asked before with this id');
  expect(asked()).toHaveLength(before + 1);
});

it.each([['events'], ['doctor'], ['state'], ['top', '--no-stream'], ['node', 'ls'], ['audit']])(
  'has no stack trace of %s',
  async (...args) => {
    const { stderr, stdout } = await runAs('narrow', ...args);
    expect(`${stdout}${stderr}`).not.toMatch(/\n +at |fault of muster/);
  },
);

it('declares a record void in his own name, if he may', async () => {
  const event = { v: 99, type: 'x', writer: 'orchestrator', cause: 0, at: '2026-01-01T00:00:00Z' };
  const appended = await watch.log.append('muster.event.orchestrator.cluster.self', encodeJson(event));
  const record = String((appended as { seq: number }).seq);
  const waiting = await runAs('narrow', 'service', 'create', '--timeout', '2s', '--name', 'late', 'x');
  expect(waiting.code).toBe(4);
  expect(waiting.stderr).toContain(`waits, and the API has halted on record ${record} on `);

  const declare = (name: string, ...args: string[]) =>
    runAs(name, 'log', 'void', record, '--yes', '--why', 'not ours', ...args);
  const inNameOfAnother = await declare('operator', '--as', 'eve');
  expect(inNameOfAnother.code).toBe(1);
  expect(inNameOfAnother.stderr).toContain(
    'NATS does not let this user publish on "muster.event.operator.void.eve", which is needed to declare records void',
  );
  expect(await declare('operator', '--as', 'ana')).toMatchObject({ code: 0, stderr: '' });
  expect(await runAs('narrow', 'service', 'create', '-d', '--name', 'early', 'x')).toMatchObject({ code: 0 });
});
