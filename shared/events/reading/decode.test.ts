import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue, definitionByType } from '../catalogue.ts';
import { defineEvent, WIRE_VERSION } from '../envelope.ts';
import { exampleEvents } from '../examples.ts';
import { MAX_NODE_BYTES } from '../objects/node-events.ts';
import { isReducer } from '../subjects/subjects.ts';
import {
  type Definitions,
  decode,
  decodeEvent,
  type Fact,
  MAX_INTENT_BYTES,
  MAX_INTENT_DEPTH,
} from './decode.ts';
import { composeEvent, type EventDraft, encodeJson } from './encode.ts';

const TIME = Date.UTC(2026, 0, 1);

function read(subject: string, payload: unknown): Fact {
  const data = payload instanceof Uint8Array ? payload : encodeJson(payload);
  return decode({ seq: 7, subject, time: TIME, data });
}

/** A stored event as plain JSON, to be spoiled. */
function storedReport(): { subject: string; json: Record<string, unknown> } {
  const { subject, data } = composeEvent(exampleEvents['tasks.reported'], TIME, { wire: WIRE_VERSION });
  return { subject, json: JSON.parse(new TextDecoder().decode(data)) };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an event', () => {
  it.each(Object.values(exampleEvents))('$type is read as it was composed', (draft) => {
    const { subject, data } = composeEvent(draft, TIME, { wire: WIRE_VERSION });
    const definition = catalogue.find(({ type }) => type === draft.type)!;
    const fact = decode({ seq: 7, subject, time: TIME + 5, data });
    expect(fact).toMatchObject({ is: 'event', seq: 7, time: TIME + 5, subject });
    if (fact.is !== 'event') return;
    expect(fact.event).toEqual({
      ...draft,
      v: definition.version,
      writer: definition.writer,
      at: '2026-01-01T00:00:00.000Z',
    });
    expect(fact.address).toMatchObject({ writer: definition.writer, kind: definition.kind });
  });

  it('has its defaults filled in', () => {
    const { subject, data } = composeEvent(
      { type: 'tasks.reported', cause: 0, nodeId: 'n1', session: 's' },
      TIME,
    );
    expect(read(subject, data)).toMatchObject({ is: 'event', event: { statuses: [], gone: [] } });
  });

  it('of an agent loses what this program does not know of it', () => {
    const { subject, json } = storedReport();
    const fact = read(subject, { ...json, mood: 'good' });
    expect(fact.is === 'event' && fact.event).not.toHaveProperty('mood');
  });
});

describe('poison', () => {
  const { subject, json } = storedReport();
  const invalidUtf8 = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);

  it.each<[string, string, unknown, RegExp]>([
    ['nothing', subject, new Uint8Array(), /not JSON/],
    ['no JSON', subject, bytes('{"v":1,'), /not JSON/],
    ['no UTF-8', subject, invalidUtf8, /not JSON/],
    ['a number', subject, 5, /must be object/],
    ['null', subject, null, /must be object/],
    ['an acknowledgement', subject, { stream: 'MUSTER_LOG', seq: 5 }, /^v: /],
    ['no version', subject, { ...json, v: undefined }, /^v: /],
    ['version 0', subject, { ...json, v: 0 }, /^v: /],
    ['a version that is no number', subject, { ...json, v: [1] }, /^v: /],
    ['a version that is no primitive value', subject, { ...json, v: { toString: 0 } }, /^v: /],
    ['half a version', subject, { ...json, v: 1.5 }, /^v: /],
    ['no time', subject, { ...json, at: 'yesterday' }, /^at: /],
    ['a negative cause', subject, { ...json, cause: -1 }, /^cause: /],
    ['another writer', subject, { ...json, writer: 'scheduler' }, /says it is by "scheduler"/],
    ['a wrong field', subject, { ...json, statuses: [{ id: 't', state: 'happy' }] }, /^statuses\.0\.state: /],
    [
      'a state that is not the agent’s to report',
      subject,
      { ...json, statuses: [{ id: 't', state: 'orphaned' }] },
      /state/,
    ],
    ['another node', 'muster.event.agent.node.n2', json, /the subject is about n2, the event about nodeid/],
    ['another kind', subject.replace('.node.', '.service.'), json, /does not belong on this subject/],
    [
      'another writer’s event',
      subject,
      { ...json, v: 1, type: 'node.status_changed', status: 'down', message: '' },
      /does not belong/,
    ],
    ['no such writer', 'muster.event.api.node.n1', json, /no event has such a subject/],
    ['no such kind', 'muster.event.agent.pod.n1', json, /no event has such a subject/],
    ['no id', 'muster.event.agent.node', json, /no event has such a subject/],
    ['an empty id', 'muster.event.agent.node.', { ...json, nodeId: '' }, /no event has such a subject/],
    ['too many tokens', `${subject}.more`, json, /no event has such a subject/],
    ['another tree', 'muster.heartbeat.n1', json, /no event has such a subject/],
  ])('is %s', (_what, on, payload, reason) => {
    const fact = read(on, payload);
    expect(fact).toMatchObject({ is: 'poison', seq: 7, time: TIME, subject: on });
    expect(fact.is === 'poison' && fact.reason).toMatch(reason);
  });
});

it('takes no description of a node that is longer than one may be, and composes none', () => {
  const draft = exampleEvents['node.joined'] as Extract<EventDraft, { type: 'node.joined' }>;
  const labels = { big: 'x'.repeat(MAX_NODE_BYTES) };
  const long = { ...draft, description: { ...draft.description, labels } };
  const { subject, data } = composeEvent(draft, TIME, { wire: WIRE_VERSION });
  const stored = { ...JSON.parse(new TextDecoder().decode(data)), description: long.description };
  const reason = /^the payload has \d+ bytes; at most 131072 are allowed$/;
  expect(read(subject, stored)).toMatchObject({ is: 'poison', reason: expect.stringMatching(reason) });
  expect(() => composeEvent(long, TIME, { wire: WIRE_VERSION })).toThrow('at most 131072 are allowed');
});

describe('an event this program does not know', () => {
  const joined = composeEvent(exampleEvents['node.joined'], TIME, { wire: WIRE_VERSION });
  const created = composeEvent(exampleEvents['service.created'], TIME, { wire: WIRE_VERSION });
  const change = ({ data }: { data: Uint8Array }, fields: object) => ({
    ...JSON.parse(new TextDecoder().decode(data)),
    ...fields,
  });

  it.each([{ type: 'service.renamed' }, { v: 999 }, { type: 'constructor' }, { type: '__proto__' }])(
    'by a reducer is unknown: %j',
    (fields) => {
      expect(read(created.subject, change(created, fields))).toMatchObject({ is: 'unknown' });
    },
  );

  it.each([{}, { seq: 5, digest: 7 }, { seq: 5, digest: 7, younger: 1 }])(
    'by a reducer is unknown whatever its writer had read: %j',
    (seen) => {
      expect(read(created.subject, change(created, { v: 999, read: seen }))).toMatchObject({ is: 'unknown' });
    },
  );

  it.each([{ type: 'node.danced' }, { v: 999 }])('by an agent is poison: %j', (fields) => {
    expect(read(joined.subject, change(joined, fields))).toMatchObject({ is: 'poison' });
  });
});

describe('a field that this program does not know', () => {
  /** The same with one more field, once in every object; keys of maps are anybody's. */
  const maps = ['labels', 'options', 'driverOpts', 'auxAddresses'];

  function* grow(value: unknown): Generator<unknown> {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) yield { ...value, younger: { and: ['more'] } };
    for (const [key, of] of Object.entries(value)) {
      if (maps.includes(key)) continue;
      for (const grown of grow(of))
        yield Array.isArray(value) ? value.with(Number(key), grown) : { ...value, [key]: grown };
    }
  }

  it.each(Object.values(exampleEvents))(
    'of $type halts a reducer, unless somebody else wrote it',
    (draft) => {
      const { subject, data } = composeEvent(draft, TIME, { wire: WIRE_VERSION });
      const json = JSON.parse(new TextDecoder().decode(data));
      const all = [...grow(json)];
      expect(all.length).toBeGreaterThan(0);
      for (const grown of all) {
        const fact = read(subject, grown);
        if (!isReducer(json.writer)) expect(fact).toEqual(read(subject, json));
        else
          expect(fact).toMatchObject({
            is: 'unknown',
            reason: expect.stringMatching(/has a field \S*younger that/),
          });
      }
    },
  );

  it('is poison where the rest is wrong', () => {
    const { subject, json } = storedReport();
    expect(read(subject, { ...json, younger: 1, statuses: 5 })).toMatchObject({ is: 'poison' });
  });
});

describe('an old event', () => {
  const node = { writer: 'agent', kind: 'node', description: '' } as const;
  /** Version 1 had one name, version 2 a first and a last one, version 3 a list. */
  const named = defineEvent({
    ...node,
    type: 'node.named',
    facts: { nodeId: z.string(), names: z.array(z.string()) },
    before: {
      2: { nodeId: z.string(), name: z.string() },
      5: { nodeId: z.string(), first: z.string(), last: z.string() },
    },
    upcasters: {
      2: ({ name, ...rest }) => {
        const [first, last] = (name as string).split(' ');
        if (last === undefined) throw new Error('no last name');
        return { ...rest, first, last };
      },
      5: ({ first, last, ...rest }) => ({ ...rest, names: [first, last] }),
    },
  });
  const definitions: Definitions = new Map([[named.type, named as never]]);
  const readOld = (fields: object, wire = 5) =>
    decodeEvent(
      {
        seq: 1,
        subject: 'muster.event.agent.node.n1',
        time: TIME,
        data: encodeJson({
          type: 'node.named',
          writer: 'agent',
          cause: 0,
          at: '2026-01-01T00:00:00Z',
          nodeId: 'n1',
          ...fields,
        }),
      },
      wire,
      definitions,
    );

  it.each([
    { v: 1, name: 'Ada Lovelace' },
    { v: 2, first: 'Ada', last: 'Lovelace' },
    { v: 3, names: ['Ada', 'Lovelace'] },
  ])('is read as if it were of the last version: %j', (fields) => {
    expect(readOld(fields)).toMatchObject({ is: 'event', event: { v: 3, names: ['Ada', 'Lovelace'] } });
  });

  it('of a reducer is read with what its writer had read', () => {
    const old = composeEvent(exampleEvents['node.status_changed'], TIME, {
      read: { seq: 5, digest: 7 },
    });
    const definition = definitionByType.get('node.status_changed')!;
    const younger = { ...definition, version: 2, since: [1, 2] };
    const known: Definitions = new Map([[definition.type, younger as never]]);
    const record = { seq: 7, subject: old.subject, time: TIME, data: old.data };
    expect(decodeEvent(record, 2, known)).toMatchObject({
      is: 'event',
      event: { v: 2, read: { seq: 5 } },
      wire: 1,
    });
  });

  it('keeps what was stored beside it', () => {
    expect(readOld({ v: 1, name: 'Ada Lovelace' })).toMatchObject({
      wire: 1,
      stored: { v: 1, name: 'Ada Lovelace' },
    });
  });

  it('is poison when it is not what its version promised', () => {
    expect(readOld({ v: 1, name: 'Ada' })).toMatchObject({
      is: 'poison',
      reason: "node.named version 1 can't be read: no last name",
    });
    expect(readOld({ v: 1, name: 5 })).toMatchObject({ is: 'poison', reason: 'name: must be string' });
    expect(readOld({ v: 2, first: 'Ada' })).toMatchObject({ is: 'poison', reason: 'last: is missing' });
  });

  it('is not taken for what it says before the cluster has reached its version', () => {
    expect(readOld({ v: 3, names: [] }, 4)).toMatchObject({
      is: 'poison',
      reason: 'event node.named version 3 needs a cluster of version 5, and this one is at 4',
    });
    expect(readOld({ v: 2, first: 'Ada', last: 'Lovelace' }, 4)).toMatchObject({ is: 'event' });
  });
});

describe('an intent', () => {
  it('carries its subject and its body', () => {
    expect(read('muster.intent.ana.service.apply.web', { image: 'nginx' })).toEqual({
      is: 'intent',
      seq: 7,
      time: TIME,
      subject: 'muster.intent.ana.service.apply.web',
      team: '',
      actor: 'ana',
      kind: 'service',
      verb: 'apply',
      name: 'web',
      body: { image: 'nginx' },
      error: undefined,
    });
  });

  it.each([
    ['muster.intent.ana.service.apply', { actor: 'ana', kind: 'service', verb: 'apply', name: undefined }],
    ['muster.intent.ana.service', { actor: 'ana', kind: 'service', verb: '', name: undefined }],
    ['muster.intent.ana', { actor: 'ana', kind: '', verb: '', name: undefined }],
    ['muster.intent.', { actor: '', kind: '', verb: '', name: undefined }],
    ['muster.intent..service.apply.web', { actor: '', kind: 'service', verb: 'apply', name: 'web' }],
    ['muster.intent.ana.service.apply.a.b', { actor: 'ana', kind: 'service', verb: 'apply', name: 'a.b' }],
    [
      'muster.intent.@blue.ana.service.apply.web',
      { team: 'blue', actor: 'ana', kind: 'service', verb: 'apply', name: 'web' },
    ],
    ['muster.intent.@', { team: '@', actor: '', kind: '', verb: '', name: undefined }],
    ['muster.intent.ana.service.apply.', { actor: 'ana', kind: 'service', verb: 'apply', name: '' }],
  ])('is one whatever the rest of its subject is: %s', (subject, expected) => {
    expect(read(subject, {})).toMatchObject({ is: 'intent', ...expected });
  });

  it.each([
    ['nothing', new Uint8Array(), undefined],
    ['null', bytes('null'), null],
    ['a list', bytes('[1]'), [1]],
    ['a text', bytes('"web"'), 'web'],
  ])('may have any body: %s', (_what, data, body) => {
    expect(read('muster.intent.ana.service.remove.web', data)).toMatchObject({ body, error: undefined });
  });

  it.each([
    ['no JSON', bytes('{image: nginx}'), /^the payload is not JSON: /],
    ['no UTF-8', new Uint8Array([0xff]), /^the payload is not JSON: /],
    ['2 MB', new Uint8Array(2e6), /^the intent has 2000000 bytes; at most 1048576 are allowed$/],
    [
      'a tower',
      bytes('['.repeat(MAX_INTENT_DEPTH + 1) + ']'.repeat(MAX_INTENT_DEPTH + 1)),
      /^the payload nests deeper than 64 levels$/,
    ],
    ['a high tower', bytes('{"a":'.repeat(1e5)), /^the payload nests deeper/],
  ])('says what is wrong with it: %s', (_what, data, error) => {
    const fact = read('muster.intent.ana.service.apply.web', data);
    expect(fact).toMatchObject({ is: 'intent', body: undefined });
    expect(fact.is === 'intent' && fact.error).toMatch(error);
  });

  it('may be as large and as deep as is allowed', () => {
    const large = bytes(`"${'x'.repeat(MAX_INTENT_BYTES - 2)}"`);
    expect(read('muster.intent.ana.service.apply', large)).toMatchObject({ error: undefined });
    const deep = bytes('['.repeat(MAX_INTENT_DEPTH) + ']'.repeat(MAX_INTENT_DEPTH));
    expect(read('muster.intent.ana.service.apply', deep)).toMatchObject({ error: undefined });
  });

  it('does not take brackets in texts for depth', () => {
    const body = { a: '['.repeat(100), b: `\\"${'{'.repeat(100)}`, '\\': ']' };
    expect(read('muster.intent.ana.service.apply', body)).toMatchObject({ body, error: undefined });
  });
});

describe('decode', () => {
  /** What can't be made a text or a number of. */
  const oddObject = fc.dictionary(
    fc.constantFrom('toString', 'valueOf', 'constructor', '__proto__'),
    fc.nat(),
  );
  const value = fc.oneof(fc.jsonValue(), oddObject);
  const token = fc.oneof(
    fc.constantFrom('muster', 'event', 'intent', 'agent', 'orchestrator', 'node', 'service', 'n1', ''),
    fc.string({ maxLength: 8 }),
  );
  const subject = fc.oneof(
    fc.array(token, { maxLength: 7 }).map((tokens) => tokens.join('.')),
    fc.constantFrom('muster.event.agent.node.n1', 'muster.intent.ana.service.apply.web'),
  );
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json().map(bytes),
    fc
      .record({
        v: fc.oneof(fc.integer(), fc.constant(1), value),
        type: fc.oneof(fc.constantFrom(...catalogue.map(({ type }) => type)), fc.string(), oddObject),
        writer: fc.oneof(fc.constantFrom('agent', 'orchestrator'), fc.string(), oddObject),
        cause: fc.nat(),
        at: fc.constant('2026-01-01T00:00:00Z'),
        nodeId: fc.constantFrom('n1', 'n2'),
        statuses: value,
        spec: value,
      })
      .map(encodeJson),
  );

  it('never throws, and says of every record what it is', () => {
    fc.assert(
      fc.property(subject, data, (on, payload) => {
        const fact = decode({ seq: 1, subject: on, time: TIME, data: payload });
        expect(['intent', 'event', 'poison', 'unknown']).toContain(fact.is);
        expect(fact).toMatchObject({ seq: 1, time: TIME, subject: on });
        expect(fact.is === 'intent').toBe(on.startsWith('muster.intent.'));
      }),
      { numRuns: 2000 },
    );
  });

  it('lets no spoiled event pass for what it was', () => {
    const examples = fc.constantFrom(...Object.values(exampleEvents));
    fc.assert(
      fc.property(examples, fc.nat(), value, (draft, which, wrong) => {
        const { subject: on, data: stored } = composeEvent(draft, TIME, { wire: WIRE_VERSION });
        const json = JSON.parse(new TextDecoder().decode(stored));
        const keys = Object.keys(json);
        const key = keys[which % keys.length]!;
        const fact = read(on, { ...json, [key]: wrong });
        if (fact.is !== 'event') return;
        expect(fact.event.writer).toBe(fact.address.writer);
        if (fact.address.kind === 'cluster') expect(fact.address.id).toBe('self');
        else expect(String(Object.values(fact.event))).toContain(fact.address.id);
      }),
      { numRuns: 1000 },
    );
  });
});
