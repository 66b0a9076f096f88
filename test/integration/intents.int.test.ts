// Intents as they really come: from anything that speaks NATS, and from people who mistype or mean harm. Each is
// answered by an event that names it, and whatever else arrives, the next good one is carried out.
import { connect as connectOldClient, JSONCodec } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { connectRaw, type RawNats } from '../harness/raw-nats.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let all: RoleProcess;
let watch: Watch;
let raw: RawNats;

beforeAll(async () => {
  cluster = await startCluster();
  all = await cluster.start('up', '--nodes', '2', '--copies', '2', '--backend', 'simulator');
  // Not strict: here others write to the log, too.
  watch = await cluster.watch({ strict: false });
  await watch.until('two nodes', areReady(2));
  raw = await connectRaw(cluster.url);
});

afterAll(async () => {
  raw?.close();
  await cluster?.stop();
});

const web = { image: 'nginx:alpine', replicas: 3 };

describe('an intent', () => {
  const senders: Record<string, (subject: string, body: object) => Promise<unknown>> = {
    async 'a socket'(subject, body) {
      raw.publish(subject, JSON.stringify(body));
      await raw.flush();
    },
    async 'the client library that most scripts use'(subject, body) {
      const nc = await connectOldClient({ servers: cluster.url });
      nc.publish(subject, JSONCodec().encode(body));
      await nc.drain();
    },
    'muster pub': (subject, body) => cluster.print('pub', subject, JSON.stringify(body)),
  };

  it.each(Object.keys(senders))('from %s becomes running tasks', async (sender) => {
    const name = sender.replaceAll(' ', '-');
    await senders[sender]!(`muster.intent.ana.service.apply.${name}`, web);
    const tasks = await watch.until('three tasks', hasConverged(name, 3));
    expect(tasks.map(({ slot }) => slot.number)).toEqual([1, 2, 3]);
    const created = watch.events('service.created').find(({ event }) => event.spec.name === name)!;
    expect(created.event.actor).toBe('ana');
    expect(watch.facts[created.event.cause - 1]).toMatchObject({ is: 'intent', actor: 'ana', name });
  });

  it('of a team has its subject’s first token for it, and its names to itself', async () => {
    raw.publish('muster.intent.@blue.ana.service.apply.twin', JSON.stringify({ ...web, replicas: 1 }));
    raw.publish('muster.intent.ana.service.apply.twin', JSON.stringify({ ...web, replicas: 2 }));
    raw.publish('muster.intent.@blue.ana.service.create', JSON.stringify({ ...web, name: 'inside' }));
    await watch.until('theirs', hasConverged('twin', 1, 'blue'));
    await watch.until('ours', hasConverged('twin', 2));
    await watch.until('the one that names itself', hasConverged('inside', 3, 'blue'));
    const twins = watch.events('service.created').filter(({ event }) => event.spec.name === 'twin');
    expect(new Set(twins.map(({ event }) => event.team))).toEqual(new Set([undefined, 'blue']));
    raw.publish('muster.intent.@blue.ana.service.remove.twin', '');
    await watch.until('theirs gone', ({ state }) => !state.serviceByName.has('blue', 'twin'));
    expect(watch.state.serviceByName.has('', 'twin')).toBe(true);
  });

  it('for a name with dots is refused for what it asks, and not for its dots', async () => {
    raw.publish('muster.intent.ana.secret.create.ssl.crt', '{}');
    const { event } = await watch.until('a verdict', () =>
      watch.events('intent.rejected').find(({ event }) => event.message.includes('"secret"')),
    );
    expect(watch.facts[event.intent - 1]).toMatchObject({ kind: 'secret', name: 'ssl.crt' });
    expect(event).toMatchObject({ kind: 'unsupported', field: 'kind' });
  });

  it('may be named like what every object has', async () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      raw.publish(`muster.intent.${name}.service.apply.${name}`, JSON.stringify({ image: 'any' }));
      await watch.until(name, hasConverged(name, 1));
      expect(await cluster.print('service', 'ps', '--format', '{{.Name}}', name)).toBe(`${name}.1\n`);
    }
  });
});

const good = { image: 'nginx:alpine' };
const apply = 'muster.intent.eve.service.apply';
const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;

interface Garbage {
  readonly what: string;
  readonly subject?: string;
  readonly payload?: string | Uint8Array | object;
  readonly kind?: string;
  readonly field?: string;
  readonly message: RegExp;
}

const garbage: readonly Garbage[] = [
  {
    what: 'a team without a name',
    subject: 'muster.intent.@.eve.service.apply.web',
    payload: good,
    field: 'team',
    message: /invalid team "@"/,
  },
  {
    what: 'a team in capitals',
    subject: 'muster.intent.@Blue.eve.service.apply.web',
    payload: good,
    field: 'team',
    message: /invalid team "Blue"/,
  },
  {
    what: 'a team behind its actor',
    subject: 'muster.intent.eve.@blue.service.apply.web',
    payload: good,
    field: 'team',
    message: /a team stands before the actor/,
  },
  { what: 'no JSON', payload: 'three of nginx, please', message: /the payload is not JSON/ },
  { what: 'half of it', payload: '{"image":', message: /the payload is not JSON/ },
  { what: 'no UTF-8', payload: Uint8Array.of(0x22, 0xff, 0xfe, 0x22), message: /the payload is not JSON/ },
  { what: 'nothing', message: /JSON object/ },
  { what: 'null', payload: 'null', message: /JSON object/ },
  { what: 'a list', payload: '[]', message: /JSON object/ },
  { what: 'a number', payload: '1e999', message: /JSON object/ },
  { what: '2 MB', payload: `{"image":"${'x'.repeat(2_000_000)}"}`, message: /2000012 bytes; at most/ },
  { what: 'a tower', payload: deep, message: /nests deeper than 64/ },
  { what: 'no image', payload: { replicas: 1 }, field: 'image', message: /image reference/ },
  { what: 'another type', payload: { image: 3 }, field: 'image', message: /expected string/ },
  {
    what: 'a word for a number',
    payload: { ...good, replicas: 'three' },
    field: 'replicas',
    message: /expected/,
  },
  { what: 'half a replica', payload: { ...good, replicas: 0.5 }, field: 'replicas', message: /int/ },
  { what: 'less than none', payload: { ...good, replicas: -1 }, field: 'replicas', message: /non-negative/ },
  { what: 'too many', payload: { ...good, replicas: 1e9 }, field: 'replicas', message: /at most/ },
  { what: 'a misspelt field', payload: { ...good, replcas: 1 }, field: 'replcas', message: /unknown field/ },
  {
    what: 'a misspelt field deep inside',
    payload: { taskTemplate: { containerSpec: { ...good, agrs: [] } } },
    field: 'taskTemplate.containerSpec.agrs',
    message: /unknown field/,
  },
  {
    what: 'a field for later',
    payload: { taskTemplate: { containerSpec: { ...good, secrets: [] } } },
    kind: 'unsupported',
    field: 'taskTemplate.containerSpec.secrets',
    message: /not supported/,
  },
  {
    what: 'a prototype',
    payload: '{"image":"x","__proto__":{"replicas":9}}',
    field: '__proto__',
    message: /unknown/,
  },
  { what: 'a long unknown field', payload: { ...good, ['x'.repeat(900_000)]: 1 }, message: /unknown field/ },
  {
    what: 'too much of a spec',
    payload: { ...good, labels: { x: 'x'.repeat(900_000) } },
    message: /at most/,
  },
  {
    what: 'a constraint of blanks',
    payload: { ...good, placement: [`a==b${' '.repeat(400_000)}!`] },
    field: 'placement.constraints.0',
    message: /invalid/,
  },
  {
    what: 'another name inside',
    payload: { ...good, name: 'other' },
    field: 'name',
    message: /subject names/,
  },
  {
    what: 'an unknown kind',
    subject: 'muster.intent.eve.pod.apply.x',
    kind: 'unsupported',
    field: 'kind',
    message: /pod/,
  },
  {
    what: 'an unknown verb',
    subject: 'muster.intent.eve.service.smash.x',
    kind: 'unsupported',
    field: 'verb',
    message: /smash/,
  },
  {
    what: 'no verb',
    subject: 'muster.intent.eve.service',
    kind: 'unsupported',
    field: 'verb',
    message: /unknown verb/,
  },
  {
    what: 'no kind',
    subject: 'muster.intent.eve',
    kind: 'unsupported',
    field: 'kind',
    message: /unknown kind/,
  },
  {
    what: 'scaling nobody',
    subject: 'muster.intent.eve.service.scale.nobody',
    payload: { replicas: 2 },
    kind: 'not-found',
    field: 'name',
    message: /nobody not found/,
  },
  {
    what: 'scaling to nothing',
    subject: 'muster.intent.eve.service.scale.a-socket',
    payload: {},
    field: 'replicas',
    message: /expected/,
  },
  {
    what: 'a wrong version',
    subject: 'muster.intent.eve.service.update.a-socket',
    payload: { spec: good, version: 1 },
    kind: 'conflict',
    field: 'version',
    message: /out of sequence/,
  },
  {
    what: 'a name with dots',
    subject: `${apply}.a.b`,
    payload: good,
    field: 'name',
    message: /invalid name/,
  },
  {
    what: 'a name of signs',
    subject: `${apply}.$(reboot)`,
    payload: good,
    field: 'name',
    message: /invalid name/,
  },
  { what: 'a path', subject: `${apply}./etc/passwd`, payload: good, field: 'name', message: /invalid name/ },
  {
    what: 'a prototype as a name',
    subject: `${apply}.__proto__`,
    payload: good,
    field: 'name',
    message: /invalid name/,
  },
  {
    what: 'a name in Greek',
    subject: `${apply}.ιστός`,
    payload: good,
    field: 'name',
    message: /invalid name/,
  },
  { what: 'a wildcard', subject: `${apply}.*`, payload: good, field: 'name', message: /invalid name/ },
  {
    what: 'a long name',
    subject: `${apply}.${'a'.repeat(64)}`,
    payload: good,
    field: 'name',
    message: /63 characters/,
  },
  // Where a name is looked through in more than linear time, this one takes till the end of the world.
  {
    what: 'a name that is nearly one',
    subject: `${apply}.${'a'.repeat(200)}!`,
    payload: good,
    field: 'name',
    message: /invalid name/,
  },
  {
    what: 'a name that is too long',
    subject: `${apply}.${'a'.repeat(900)}`,
    payload: good,
    field: 'name',
    message: /255 characters or fewer/,
  },
  {
    what: 'a name that clears the screen',
    subject: apply,
    payload: { ...good, name: 'web\u001b[2J\r\nroot: all is well' },
    field: 'name',
    message: /invalid name/,
  },
];

describe('garbage', () => {
  it('is answered by a rejection that names it and what is wrong, and holds nothing up', async () => {
    const before = watch.facts.length;
    for (const [index, { subject, payload = '' }] of garbage.entries()) {
      const isBytes = typeof payload === 'string' || payload instanceof Uint8Array;
      raw.publish(subject ?? `${apply}.bad${index}`, isBytes ? payload : JSON.stringify(payload));
    }
    raw.publish('muster.intent.ana.service.apply.after', JSON.stringify({ ...good, replicas: 2 }));
    await raw.flush();
    await watch.until('the good one after them', hasConverged('after', 2));
    const intents = watch.facts.slice(before).filter((fact) => fact.is === 'intent');
    expect(intents).toHaveLength(garbage.length + 1);

    const verdicts = await watch.until('a verdict on each', () => {
      const rejected = watch.events('intent.rejected').map(({ event }) => event);
      const found = intents.slice(0, -1).map(({ seq }) => rejected.filter(({ intent }) => intent === seq));
      return found.every(({ length }) => length > 0) && found;
    });
    const answers = verdicts.map((answer, index) => {
      const [{ cause, actor, kind, field, message } = { cause: 0, actor: '', kind: '', message: '' }] =
        answer;
      const { what, message: pattern } = garbage[index]!;
      const isNamed = answer.length === 1 && cause === intents[index]!.seq;
      const isShort = JSON.stringify(answer).length < 4_000;
      return {
        what,
        isNamed,
        actor,
        kind,
        field,
        message: pattern.test(message) ? pattern : message,
        isShort,
      };
    });
    expect(answers).toEqual(
      garbage.map(({ what, kind = 'invalid', field, message }) => {
        const isAbout = what === 'a long unknown field' ? expect.any(String) : field;
        return { what, isNamed: true, actor: 'eve', kind, field: isAbout, message, isShort: true };
      }),
    );
  });

  it('is shown by the CLI without a trace of its control characters', async () => {
    for (const args of [['events'], ['audit'], ['events', '--format', 'json']]) {
      const shown = await cluster.print(...args);
      expect(shown).toContain('all is well');
      expect(shown).not.toMatch(/^root: all is well/m);
      expect([...shown].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    }
  });
});

describe('a record on an event subject that is no event', () => {
  interface Forgery {
    readonly subject: string;
    readonly payload: string | object;
    readonly reason: RegExp;
  }

  it('is quarantined by an event, and changes nothing', async () => {
    await watch.until('some service', hasConverged('after', 2));
    const service = watch.state.serviceByName.get('', 'after')!;
    const [node] = watch.state.nodes.keys();
    const ofAgent = `muster.event.agent.node.${node}`;
    const envelope = { v: 1, cause: 0, at: new Date().toISOString() };
    const [task] = service.tasks.values();
    const report = { ...envelope, type: 'tasks.reported', writer: 'agent', nodeId: node, session: 'x' };
    const forgeries: readonly Forgery[] = [
      { subject: ofAgent, payload: 'hello', reason: /JSON/ },
      { subject: ofAgent, payload: '', reason: /JSON/ },
      { subject: ofAgent, payload: '[]', reason: /./ },
      {
        subject: ofAgent,
        payload: {
          ...envelope,
          type: 'node.status_changed',
          writer: 'dispatcher',
          nodeId: node,
          status: 'down',
          message: '',
        },
        reason: /it says it is by "dispatcher" on a subject of "agent"/,
      },
      {
        subject: ofAgent,
        payload: { ...report, type: 'node.exploded' },
        reason: /does not know event node.exploded/,
      },
      {
        subject: ofAgent,
        payload: { ...report, type: 'x'.repeat(900_000) },
        reason: /does not know event x/,
      },
      { subject: ofAgent, payload: { ...report, v: 99 }, reason: /version 99/ },
      {
        subject: ofAgent,
        payload: { ...report, statuses: [{ id: task!.id, state: 'new' }] },
        reason: /state/,
      },
      { subject: ofAgent, payload: { ...report, nodeId: 'another' }, reason: /the event about another/ },
      {
        subject: `muster.event.orchestrator.service.${service.id}`,
        payload: {
          ...envelope,
          type: 'service.removed',
          writer: 'agent',
          serviceId: service.id,
          actor: 'eve',
        },
        reason: /by "agent" on a subject of "orchestrator"/,
      },
      { subject: 'muster.event.nobody.node.x', payload: report, reason: /./ },
      { subject: 'muster.event.agent', payload: report, reason: /./ },
      { subject: 'muster.event.agent.node.*', payload: report, reason: /./ },
    ];
    const before = watch.facts.length;
    for (const { subject, payload } of forgeries) {
      raw.publish(subject, typeof payload === 'string' ? payload : JSON.stringify(payload));
    }
    // The server's own answer to a publish goes where the publisher has it sent.
    raw.publish(
      'muster.intent.eve.service.scale.nobody',
      '{"replicas":1}',
      `muster.event.scheduler.node.${node}`,
    );
    await raw.flush();

    const expected = [...forgeries.map(({ reason }) => reason), /./];
    const quarantined = await watch.until('a quarantine for each', () => {
      const events = watch.events('event.quarantined').map(({ event }) => event);
      return events.length >= expected.length && events.sort((a, b) => a.record - b.record);
    });
    const records = watch.facts.slice(before).filter((fact) => fact.is === 'poison');
    expect(quarantined.map(({ record, cause, subject }) => ({ record, cause, subject }))).toEqual(
      records.map(({ seq, subject }) => ({ record: seq, cause: seq, subject })),
    );
    expect(records).toHaveLength(expected.length);
    for (const [index, { reason }] of quarantined.entries()) {
      expect(reason).toMatch(expected[index]!);
      expect(reason.length).toBeLessThan(2_000);
    }
    expect(hasConverged('after', 2)(watch)).toBeDefined();
    expect(watch.state.poison.size).toBe(0);
  });

  it('does not keep anything from going on', async () => {
    raw.publish('muster.intent.ana.service.scale.after', '{"replicas":4}');
    await watch.until('four tasks', hasConverged('after', 4));
    raw.publish('muster.intent.ana.service.remove.after');
    await watch.until('none', ({ state }) => !state.serviceByName.has('', 'after'));
    expect(await cluster.print('doctor')).not.toMatch(/^(warn|fail)/m);
    expect(all.log.filter(({ level }) => level >= 50)).toEqual([]);
  });
});
