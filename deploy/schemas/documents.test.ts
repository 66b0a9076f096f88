import { fileURLToPath } from 'node:url';
import asyncApiSpecs from '@asyncapi/specs';
import {
  composeEvent,
  decode,
  type EventDraft,
  encodeJson,
  intents,
  taskCommandSchema,
  WIRE_VERSION,
} from '@muster/events';
import { deriveNetworkId, deriveServiceId, normaliseServiceSpec, taskSpecSchema } from '@muster/model';
import { createNetwork, createService, joinReadyNode, startHistory, updateService } from '@muster/testing';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleEvents } from '../../shared/events/examples.ts';
import { generateDocuments, SCHEMA_DIR, STORED_DIR } from './documents.ts';
import { findDrift } from './drift.ts';

/** What the documents are of. */
const newest = { wire: WIRE_VERSION };

const documents = generateDocuments();
const asyncApi = JSON.parse(documents.get('docs/asyncapi.json')!);
const schemas = [...documents]
  .filter(([path]) => path.startsWith(SCHEMA_DIR) && !path.startsWith(STORED_DIR))
  .map(([, text]) => JSON.parse(text) as { readonly $id: string });

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, validateFormats: false });
for (const schema of schemas) ajv.addSchema(schema);

function validatorOf(name: string): ValidateFunction {
  const validate = ajv.getSchema(`${name}.json`);
  if (!validate) throw new Error(`no schema ${name}`);
  return validate;
}

const wire = (value: unknown) => JSON.parse(JSON.stringify(value));
const parse = (data: Uint8Array) => JSON.parse(new TextDecoder().decode(data));

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('generated documents', () => {
  it('leave every stored form as it is: a change needs a new version and an upcaster', () => {
    expect(findDrift(root).broken).toEqual([]);
  });

  it('are up to date: run `npm run schemas`', () => {
    const { stale, surplus } = findDrift(root);
    expect([...stale.keys(), ...surplus]).toEqual([]);
  });

  it('are the same each time', () => {
    expect(generateDocuments()).toEqual(documents);
  });
});

describe('the AsyncAPI document', () => {
  // Its own schema brings a copy of the meta-schema along.
  const plain = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  const validate = plain.compile(asyncApiSpecs.schemas['3.0.0'] as object);

  it('is one, by its own schema', () => {
    validate(asyncApi);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('would not be one with a mistake in it', () => {
    const channels = { ...asyncApi.channels, heartbeat: { adress: 'muster.heartbeat.{nodeId}' } };
    expect(validate({ ...asyncApi, channels })).toBe(false);
  });

  it('refers to what is there', () => {
    const broken = listRefs(asyncApi).filter((ref) =>
      ref.startsWith('#/') ? !resolves(asyncApi, ref) : !documents.has(`docs/${ref.replace('./', '')}`),
    );
    expect(broken).toEqual([]);
  });

  it('has every schema that is not a part of others', () => {
    const used = new Set(
      [...listRefs(asyncApi), ...schemas.flatMap(listRefs)].map((ref) => ref.replace(/^.*\//, '')),
    );
    expect(schemas.map(({ $id }) => $id).filter((id) => !used.has(id))).toEqual([]);
  });

  it('has no address that the table of subjects leaves out', () => {
    const table = documents.get('docs/design/subjects.md')!;
    const channels = Object.values<{ address: string | null }>(asyncApi.channels);
    const subjects = channels.flatMap(({ address }) => address?.replaceAll(/\{(\w+)\}/g, '<$1>') ?? []);
    expect(subjects).toContain('muster.copy.<role>.<copy>');
    expect(subjects.filter((subject) => !table.includes(`| \`${subject}\` |`))).toEqual([]);
  });

  const messages = Object.values<{
    readonly name: string;
    readonly headers?: object;
    readonly tags?: readonly { readonly name: string }[];
    readonly examples: readonly { readonly payload: unknown; readonly headers?: object }[];
  }>(asyncApi.components.messages);

  it.each(messages.map((message) => [message.name, message] as const))(
    'has examples of %s',
    (name, message) => {
      const validatePayload = validatorOf(name);
      expect(message.examples.length).toBeGreaterThan(0);
      for (const { payload, headers = {} } of message.examples) {
        validatePayload(payload);
        expect(validatePayload.errors ?? []).toEqual([]);
        const known = (message.headers as { properties?: object } | undefined)?.properties ?? {};
        expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(headers)));
      }
    },
  );

  it('says of whatever is sent to a stream that it is acknowledged', () => {
    const operations = Object.values<{
      action: string;
      channel: { $ref: string };
      reply?: { channel: object };
    }>(asyncApi.operations);
    const stored = operations.filter(
      ({ action, channel }) =>
        action === 'send' &&
        asyncApi.channels[channel.$ref.slice('#/channels/'.length)]['x-jetstream-stream'],
    );
    expect(stored.length).toBeGreaterThan(10);
    for (const { reply } of stored) expect(reply?.channel).toEqual({ $ref: '#/channels/acknowledgement' });
  });

  it('marks as verdicts the events that end the wait of an intent, and no others', () => {
    const marked = messages.filter(({ tags = [] }) => tags.some(({ name }) => name === 'verdict'));
    const settling = Object.values(exampleEvents).filter((draft) => settlesItsIntent(draft));
    expect(marked.map(({ name }) => name)).toEqual(settling.map(({ type }) => `event.${type}`));
  });

  it('names the parameters of every address', () => {
    for (const { address, parameters = {} } of Object.values<{ address: string | null; parameters?: object }>(
      asyncApi.channels,
    )) {
      const named = [...(address ?? '').matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(Object.keys(parameters)).toEqual(named);
    }
  });
});

describe('JSON Schemas', () => {
  it.each(schemas.map(({ $id }) => $id))('%s can be used', (id) => {
    expect(() => validatorOf(id.replace(/\.json$/, ''))).not.toThrow();
  });

  it.each(Object.values(exampleEvents))('$type is what its schema says', (draft) => {
    const validate = validatorOf(`event.${draft.type}`);
    validate(parse(composeEvent(draft, 0, newest).data));
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...draft })).toBe(false);
  });

  it('accept every event that the program accepts', () => {
    const examples = fc.constantFrom(...Object.values(exampleEvents));
    fc.assert(
      fc.property(examples, fc.nat(), fc.jsonValue(), (draft, which, value) => {
        const { subject, data } = composeEvent(draft, 0, newest);
        const json = parse(data);
        const keys = Object.keys(json);
        const spoiled = wire({ ...json, [keys[which % keys.length]!]: value });
        const fact = decode({ seq: 1, subject, time: 0, data: encodeJson(spoiled) });
        if (fact.is === 'event') expect(validatorOf(`event.${draft.type}`)(spoiled)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const service = validatorOf('intent.service.apply');

  it.each([
    [{ image: 'nginx:alpine', replicas: 3 }],
    [
      {
        image: 'nginx',
        ports: ['published=8080,target=80,mode=host', { target: 80, mode: 'host' }],
        env: { A: 'b' },
        restart: 'any',
      },
    ],
    [{ image: 'nginx', resources: { limits: { cpus: 0.5, memory: '64m' } }, stopGracePeriod: '1m30s' }],
    [{ image: 'nginx', update: { delay: '10s', order: 'start-first' }, placement: ['node.labels.zone==a'] }],
    [{ taskTemplate: { containerSpec: { image: 'nginx' }, restartPolicy: { delay: 5e9 } } }],
    [
      {
        name: 'web',
        taskTemplate: { containerSpec: { image: 'nginx' } },
        mode: { replicated: { replicas: 2 } },
      },
    ],
  ])('take what a person may write: %j', (body) => {
    expect(normaliseServiceSpec(body, 'web')).toMatchObject({ ok: true });
    service(body);
    expect(service.errors ?? []).toEqual([]);
    expect(validatorOf('intent.service.update')({ spec: body, version: 4 })).toBe(true);
  });

  it.each([
    [{ image: 5 }],
    [{ imgae: 'nginx' }],
    [{ image: 'nginx', replicas: 'three' }],
    [{ taskTemplate: { containerSpec: { image: 'nginx', colour: 'red' } } }],
    [[]],
    ['web'],
  ])('refuse what the program refuses: %j', (body) => {
    expect(normaliseServiceSpec(body, 'web')).toMatchObject({ ok: false });
    expect(service(body)).toBe(false);
  });

  it('accept every intent that the program accepts', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('1m30s', '64m', 5, ['8080:80'], 'any', {}),
    );
    const keys = [
      'image',
      'name',
      'replicas',
      'ports',
      'env',
      'restart',
      'stopGracePeriod',
      'taskTemplate',
      'mode',
    ];
    const body = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 4 });
    fc.assert(
      fc.property(body, (candidate) => {
        const json = wire({ image: 'nginx', ...candidate });
        if (normaliseServiceSpec(json, undefined).ok) expect(service(json)).toBe(true);
        for (const { kind, verb, schema } of intents) {
          if (schema.safeParse(json).success) expect(validatorOf(`intent.${kind}.${verb}`)(json)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('describe commands as they are written', () => {
    const validate = validatorOf('command.task');
    const task = { id: 't', name: 'web.1.t', slot: 1, service: { id: 's', name: 'web', labels: {} } };
    const spec = taskSpecSchema.parse({ containerSpec: { image: 'nginx' } });
    const command = { v: 1, type: 'task', basis: 3, desired: 'running', task: { ...task, spec, ports: [] } };
    expect(taskCommandSchema.safeParse(command).success).toBe(true);
    validate(wire(command));
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...command, desired: 'failed' })).toBe(false);
  });

  it('name the defaults of what may be left out', () => {
    const { properties } = JSON.parse(documents.get('docs/schema/task-spec.json')!);
    expect(properties.containerSpec.properties.stopGracePeriod.default).toBe(10e9);
    expect(properties.restartPolicy.properties.delay.default).toBe(5e9);
    expect(properties.restartPolicy.properties.condition.default).toBe('any');
  });
});

/** Of what folds it, when the event is made to answer an intent that it can answer. */
function settlesItsIntent(draft: EventDraft): boolean {
  const history = startHistory({ wire: WIRE_VERSION });
  const service =
    draft.type === 'service.created' ? undefined : createService(history, 'web', { image: 'nginx' });
  // There is something to go back to.
  if (service) updateService(history, service, { image: 'nginx:2' });
  const network = draft.type === 'network.created' ? undefined : createNetwork(history, 'backend');
  if ('nodeId' in draft) joinReadyNode(history, draft.nodeId);
  const cause = history.intend('apply', 'web', { image: 'nginx' });
  const clusterId = history.state.cluster?.id;
  const serviceId = service?.id ?? deriveServiceId('web', cause, { clusterId });
  const networkId = network?.id ?? deriveNetworkId('backend', cause, { clusterId });
  const about = {
    ...('serviceId' in draft && { serviceId }),
    ...('networkId' in draft && { networkId }),
    ...('intent' in draft && { intent: cause }),
  };
  history.append({ ...draft, cause, ...about } as EventDraft);
  return !history.state.intents.has(cause);
}

function listRefs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(listRefs)];
}

function resolves(document: unknown, ref: string): boolean {
  let current = document as Record<string, unknown> | undefined;
  for (const key of ref.slice(2).split('/')) current = current?.[key] as typeof current;
  return current !== undefined;
}
