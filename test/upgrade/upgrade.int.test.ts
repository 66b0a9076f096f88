// Two builds side by side, this one and an invented next one with a younger wire version: reducers and agents upgraded one
// by one, in both orders, under load. Nothing is lost, no task is restarted, nobody halts but who must, and all agree.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { composeEvent, WIRE_VERSION } from '@muster/events';
import { createChanges, createState, foldRecord, hashState, sumOfRecord } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlRoles } from '../harness/cluster.ts';
import { failing, probeUntil } from '../harness/telemetry.ts';
import { type Builds, makeBuilds } from './next-build.ts';
import {
  type Load,
  putUnderLoad,
  type Sample,
  type Stage,
  sampleHashes,
  setStage,
  sleeper,
} from './stage.ts';

/** On a machine with far too much to do; without, all of it takes two. */
const LONG_MS = 10 * 60_000;
const PATIENCE_MS = 90_000;
const agents = ['one', 'two'];
const container = (spec: object) => ({
  taskTemplate: { containerSpec: { image: 'process', command: ['sleep', '600'], ...spec } },
});

let dir: string;
let builds: Builds;
let stage: Stage;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-builds-'));
  builds = await makeBuilds(dir);
}, LONG_MS);
afterAll(() => rm(dir, { recursive: true, force: true }));

async function startAll(): Promise<void> {
  stage = await setStage(builds);
  await Promise.all(agents.map((name) => stage.startAgent(name, 'previous')));
  await stage.watch.until('both nodes', stage.eyes.areReady(2));
}

/** The verdict on an intent of ana's. */
async function judge(verb: string, name: string, body: object) {
  const { cluster, watch } = stage;
  const seq = await cluster.intend(watch, verb, name, body);
  const fact = await watch.until(`a verdict on ${verb} ${name}`, ({ facts }) =>
    facts.find(
      (known) => known.is === 'event' && known.address.writer === 'orchestrator' && known.event.cause === seq,
    ),
  );
  return fact.is === 'event' ? fact.event : undefined;
}

/** As whoever has upgraded his own program already: it reads the spec, changes it and asks for all of it. */
async function updateService(name: string, ...flags: string[]): Promise<void> {
  const { code, stderr } = await stage.cluster.run(['service', 'update', ...flags, name], {
    env: { MUSTER_PROGRAM: builds.next },
  });
  expect(code, stderr).toBe(0);
}

/** Both folds, from the first record: that of this build, and that of the next. */
async function refold(samples: readonly Sample[]): Promise<Map<number, { own: string; next: string }>> {
  const { watch, eyes } = stage;
  const wanted = new Set(samples.map(({ seq }) => seq));
  const hashes = new Map<number, { own: string; next: string }>();
  const [own, next] = [createState(), eyes.createState()];
  for await (const record of watch.log.read({ from: 1 })) {
    foldRecord(own, record, createChanges());
    eyes.foldRecord(next, record, eyes.createChanges());
    if (wanted.has(record.seq)) hashes.set(record.seq, { own: hashState(own), next: eyes.hashState(next) });
  }
  return hashes;
}

const raiseOf = (to = WIRE_VERSION + 1) =>
  stage.watch.events('cluster.version_raised').find(({ event }) => event.version === to)?.seq;

describe.each([
  ['reducers, then agents', [...controlRoles, ...agents]],
  ['agents, then reducers', [...agents, ...controlRoles]],
])('an upgrade of %s', (_order, names) => {
  let load: Load;
  let samples: readonly Sample[];
  let steady: string[];

  beforeAll(async () => {
    await startAll();
  }, LONG_MS);
  afterAll(() => stage?.stop());

  it(
    'goes by under load, and ends with a raised version',
    async () => {
      const { cluster, watch, eyes } = stage;
      await cluster.intend(watch, 'create', 'steady', { ...sleeper, replicas: 4 });
      const before = await watch.until('steady', eyes.hasConverged('steady', 4));
      steady = before.map(({ id, runId }) => `${id} ${runId}`);
      load = putUnderLoad(stage);
      const sampling = sampleHashes(stage);
      for (const name of names) {
        if (name === names.at(-1)) {
          const refused = await judge('create', 'young', {
            name: 'young',
            ...container({ shmSizeBytes: 1024 }),
          });
          expect(refused).toMatchObject({ type: 'intent.rejected' });
          expect(await judge('scale', 'steady', { replicas: 4 })).toMatchObject({ type: 'intent.satisfied' });
          await updateService('steady', '--label-add', 'changed=before');
          expect(raiseOf(), 'somebody is still of the previous build').toBeUndefined();
        }
        await stage.upgrade(name, 'next');
      }
      await watch.until('a raised version', () => raiseOf() !== undefined, PATIENCE_MS);
      const created = await judge('create', 'young', {
        name: 'young',
        ...container({ shmSizeBytes: 1024, note: 'new' }),
      });
      expect(created).toMatchObject({ type: 'service.created', v: WIRE_VERSION + 1 });
      await updateService('steady', '--label-add', 'changed=after');
      await watch.until('young', eyes.hasConverged('young', 1));
      await cluster.intend(watch, 'scale', 'steady', { replicas: 5 });
      const after = await watch.until('steady with one more', eyes.hasConverged('steady', 5));
      expect(after.map(({ id, runId }) => `${id} ${runId}`)).toEqual(expect.arrayContaining(steady));
      await load.stop();
      for (const [name, replicas] of load.wanted)
        await watch.until(`${name} with ${replicas}`, eyes.hasConverged(name, replicas));
      samples = await sampling.stop();
      const rejections = watch.events('intent.rejected').map(({ event }) => event.message);
      expect(rejections, 'of all that was asked for').toEqual([expect.stringContaining('shmSizeBytes')]);
    },
    LONG_MS,
  );

  it('has restarted no task', () => {
    const { watch } = stage;
    const restarts = watch
      .events('service.reconciled')
      .flatMap(({ event }) => event.created.filter(({ cause }) => cause === 'restart'));
    expect(restarts).toEqual([]);
    const kept = [...watch.state.services.values()].find(({ spec }) => spec.name === 'steady')!;
    expect([...kept.tasks.values()].every(({ generation }) => generation === 1)).toBe(true);
  });

  it('has written nothing younger before the raise, and did after it', () => {
    const raise = raiseOf()!;
    const versions = stage.watch.facts.flatMap((fact) =>
      fact.is === 'event' ? [[fact.seq, fact.event.type, fact.wire] as const] : [],
    );
    expect(versions.filter(([seq, , wire]) => seq <= raise && wire > WIRE_VERSION)).toEqual([]);
    const younger = new Set(
      versions.filter(([seq, , wire]) => seq > raise && wire > WIRE_VERSION).map(([, type]) => type),
    );
    expect([...younger]).toEqual(expect.arrayContaining(['service.created', 'tasks.reported']));
    expect(stage.watch.facts.filter(({ is }) => is === 'poison' || is === 'unknown')).toEqual([]);
  });

  it('has one state everywhere, all along, and in a refold by either build up to the raise', async () => {
    const hashes = await refold(samples);
    expect(samples.length).toBeGreaterThan(10);
    expect(samples.filter(({ seq, hash }) => hashes.get(seq)?.next !== hash)).toEqual([]);
    const raise = raiseOf()!;
    const before = samples.filter(({ seq }) => seq < raise);
    expect(before.length).toBeGreaterThan(5);
    expect(before.filter(({ seq, hash }) => hashes.get(seq)?.own !== hash)).toEqual([]);
  });

  it('has halted nobody, and has nothing to complain about', () => {
    const complaints = stage.everybody.flatMap(({ role, log }) =>
      log.filter(({ level }) => level >= 50).map((line) => `${role}: ${JSON.stringify(line)}`),
    );
    expect(complaints).toEqual([]);
    const said = stage.everybody.flatMap(({ log }) => log.map(({ msg }) => msg));
    expect(said).toContain('the wire version of the cluster is raised');
  });

  it(
    'halts a copy of the previous build from then on, which says so and decides nothing',
    async () => {
      const { cluster, watch, running } = stage;
      const sentence = `the cluster is at version ${WIRE_VERSION + 1}, and this program knows ${WIRE_VERSION} at most`;
      const late = await stage.startControl('orchestrator', 'previous', 'late');
      await probeUntil(late, 'readyz', (answer) =>
        failing(answer).some((says) => says.startsWith('halted: halted') && says.includes(sentence)),
      );
      const { code, stdout } = await cluster.run(['doctor'], { env: { MUSTER_PROGRAM: builds.next } });
      expect(code, stdout).toBe(0);
      expect(stdout).toMatch(new RegExp(`orchestrator-${late.pid} on \\S+ has halted.*: ${sentence}`));
      expect(stdout).toContain(`the cluster is at wire version ${WIRE_VERSION + 1}`);
      await running.get('orchestrator')!.stop();
      const asked = await cluster.intend(watch, 'scale', 'steady', { replicas: 4 });
      await delay(1_500); // long enough for whoever would decide: nothing tells that nobody does
      expect(watch.state.intents.size).toBe(1);
      await stage.startControl('orchestrator', 'next');
      await watch.until(
        'a verdict',
        ({ state }) => state.head > asked && state.intents.size === 0,
        PATIENCE_MS,
      );
      await late.stop();
    },
    LONG_MS,
  );

  it(
    'lets an old agent refuse what it must understand, readably, and run the rest',
    async () => {
      const { cluster, watch, eyes } = stage;
      await stage.startAgent('three', 'previous');
      await watch.until('three nodes', eyes.areReady(3), PATIENCE_MS);
      const placement = { constraints: ['node.hostname==three'] };
      const on = (spec: object) => {
        const { taskTemplate } = container(spec);
        return { taskTemplate: { ...taskTemplate, placement } };
      };
      await cluster.intend(watch, 'create', 'may', on({ note: 'for people' }));
      await cluster.intend(watch, 'create', 'must', on({ shmSizeBytes: 1024 }));
      await watch.until('may', eyes.hasConverged('may', 1), PATIENCE_MS);
      const refused = await watch.until(
        'a refusal',
        () =>
          watch
            .events('tasks.reported')
            .flatMap(({ event }) => event.statuses)
            .find(({ state }) => state === 'rejected'),
        PATIENCE_MS,
      );
      expect(refused.err).toMatch(/containerSpec\.shmSizeBytes/);
      expect(watch.state.halted).toBeUndefined();
    },
    LONG_MS,
  );
});

describe('a younger event before the version is raised', () => {
  beforeAll(async () => {
    stage = await setStage(builds, { strict: false });
    await stage.startControl('orchestrator', 'next', 'younger');
    await stage.watch.until('the version of the builds before', () => raiseOf(WIRE_VERSION), PATIENCE_MS);
  }, LONG_MS);
  afterAll(() => stage?.stop());

  const younger = (event: object) =>
    stage.eyes.composeEvent(event as never, Date.now(), { wire: WIRE_VERSION + 1 });

  it(
    'halts nobody when an agent wrote it',
    async () => {
      const { watch } = stage;
      const told = {
        type: 'tasks.reported',
        cause: 0,
        nodeId: 'stray',
        session: 's',
        statuses: [],
        gone: [],
      };
      const { subject, data } = younger(told);
      await watch.log.append(subject, data);
      await watch.until('quarantine', () => watch.events('event.quarantined')[0], PATIENCE_MS);
      expect(watch.state.halted).toBeUndefined();
    },
    LONG_MS,
  );

  it(
    'halts every copy alike, whether it knows the form or not, when a reducer wrote it',
    async () => {
      const { watch, running } = stage;
      const status = { status: 'down', message: 'by hand', heardOf: 'nobody' };
      const { subject, data } = younger({
        type: 'node.status_changed',
        cause: 1,
        nodeId: 'stray',
        ...status,
      });
      await watch.log.append(subject, data);
      for (const [name, copy] of running) {
        const reason =
          name === 'younger'
            ? `event node.status_changed version 2 needs a cluster of version ${WIRE_VERSION + 1}, and this one is at ${WIRE_VERSION}`
            : 'this program does not know event node.status_changed version 2';
        await probeUntil(copy, 'readyz', (answer) =>
          failing(answer).some((says) => says.startsWith('halted: ') && says.includes(reason)),
        );
      }
    },
    LONG_MS,
  );

  it(
    'lets every copy go on, of either build, once that is void',
    async () => {
      const { watch, running } = stage;
      const { seq, subject: about } = await watch.until('the halt', ({ state }) => state.halted?.record);
      const { data } = (await watch.log.find(seq))!;
      const says = composeEvent(
        {
          type: 'record.voided',
          cause: seq,
          actor: 'ana',
          record: seq,
          subject: about,
          sum: sumOfRecord({ data }),
          reason: 'younger than the cluster',
        },
        Date.now(),
      );
      await watch.log.append(says.subject, says.data);
      for (const [, copy] of running)
        await probeUntil(copy, 'readyz', (answer) => failing(answer).length === 0);
    },
    LONG_MS,
  );
});
