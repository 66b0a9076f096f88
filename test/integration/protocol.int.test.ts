// What docs/asyncapi.json tells a client in any language, against a real server: who goes by it gets on.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { connect, headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { inProject } from '../harness/root.ts';
import { areReady } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const docs = (path: string) => inProject('docs', path);
const read = (path: string) => JSON.parse(readFileSync(docs(path), 'utf8'));
const { components, channels } = read('asyncapi.json');

let cluster: TestCluster;
let watch: Watch;
let connection: NatsConnection;
beforeAll(async () => {
  cluster = await startCluster({ heartbeatMs: 500 });
  await cluster.start('up', '--nodes', '1', '--backend', 'simulator');
  watch = await cluster.watch({ strict: false });
  await watch.until('a node', areReady(1));
  connection = await connect({ servers: cluster.url });
});
afterAll(async () => {
  await connection?.close();
  await cluster?.stop();
});

const ask = (subject: string, payload: unknown, options = {}) =>
  connection.request(subject, new TextEncoder().encode(JSON.stringify(payload)), {
    timeout: 5_000,
    ...options,
  });

const ajv = new Ajv2020({ allowUnionTypes: true, validateFormats: false });
for (const file of readdirSync(docs('schema')))
  if (file.endsWith('.json')) ajv.addSchema(read(`schema/${file}`));

function check(message: string, payload: unknown): void {
  const validate = ajv.getSchema(basename(components.messages[message].payload.$ref))!;
  validate(payload);
  expect(validate.errors ?? []).toEqual([]);
}

it('an intent is acknowledged with its sequence, and a verdict has it for its cause', async () => {
  const acknowledged = (await ask('muster.intent.ana.service.apply.web', { image: 'demo:1' })).json<{
    stream: string;
    seq: number;
  }>();
  check('acknowledgement', acknowledged);
  expect(acknowledged.stream).toBe(channels['intent.service.apply']['x-jetstream-stream']);
  const answers = () =>
    watch.facts.filter((fact) => fact.is === 'event' && fact.event.cause === acknowledged.seq);
  await watch.until('a verdict', () => answers().length > 0);
  const [verdict] = answers();
  if (verdict?.is !== 'event') throw new Error('there is no verdict');
  expect(components.messages[`event.${verdict.event.type}`].tags).toEqual([{ name: 'verdict' }]);

  const answer = (await ask('muster.query.service.inspect', { service: 'web', minSeq: verdict.seq })).json<{
    seq: number;
  }>();
  check('query.service.inspect.answer', answer);
  expect(answer.seq).toBeGreaterThanOrEqual(verdict.seq);
});

it('an event with an old expectation is refused in the words of the document', async () => {
  const [header] = Object.keys(components.messages['event.intent.rejected'].headers.properties);
  const expecting = headers();
  expecting.set(header!, '7');
  const refused = (await ask('muster.event.orchestrator.intent.1000000', {}, { headers: expecting })).json();
  check('acknowledgement', refused);
  expect(refused).toMatchObject({ error: { code: 400 } });
});

it('the error of a query is in its headers, and pages are asked for with what the last one says', async () => {
  const reply = await ask('muster.query.service.inspect', { service: 'nobody' });
  check('query.service.inspect.answer', reply.json());
  const { properties } = components.messages['query.service.inspect.answer'].headers;
  const [text, code] = Object.keys(properties);
  expect(reply.json()).toMatchObject({ error: { kind: 'not-found', message: reply.headers?.get(text!) } });
  expect(reply.headers?.get(code!)).toBe('404');

  await ask('muster.intent.ana.service.apply.api', { image: 'demo:1' });
  await watch.until('two services', ({ state }) => state.services.size === 2);
  const list = (request: object) =>
    ask('muster.query.service.list', { minSeq: watch.state.head, limit: 1, ...request });
  const first = (await list({})).json<{ answer: { name: string }[]; next: string }>();
  const second = (await list({ cursor: first.next })).json<{ answer: { name: string }[]; next?: string }>();
  expect([...first.answer, ...second.answer].map(({ name }) => name)).toEqual(['api', 'web']);
  expect(second.next).toBeUndefined();
});
