// Two builds side by side, this one and an invented next one with a younger wire version: reducers and agents upgraded one
// by one, in both orders, under load. Nothing is lost, no task is restarted, nobody halts but who must, and all agree.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChanges, createState, foldRecord, hashState } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlRoles } from '../harness/cluster.ts';
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

const MINUTES = 60_000;
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
}, 2 * MINUTES);
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

const raiseOf = () => stage.watch.events('cluster.version_raised')[0]?.seq;

describe.each([
  ['reducers, then agents', [...controlRoles, ...agents]],
  ['agents, then reducers', [...agents, ...controlRoles]],
])('an upgrade of %s', (_order, names) => {
  let load: Load;
  let samples: readonly Sample[];
  let steady: string[];

  beforeAll(async () => {
    await startAll();
  }, MINUTES);
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
          expect(raiseOf(), 'somebody is still of the previous build').toBeUndefined();
        }
        await stage.upgrade(name, 'next');
      }
      await watch.until('a raised version', () => raiseOf() !== undefined, 40_000);
      const created = await judge('create', 'young', {
        name: 'young',
        ...container({ shmSizeBytes: 1024, note: 'new' }),
      });
      expect(created).toMatchObject({ type: 'service.created', v: 2 });
      await watch.until('young', eyes.hasConverged('young', 1));
      await cluster.intend(watch, 'scale', 'steady', { replicas: 5 });
      const after = await watch.until('steady with one more', eyes.hasConverged('steady', 5));
      expect(after.map(({ id, runId }) => `${id} ${runId}`)).toEqual(expect.arrayContaining(steady));
      await load.stop();
      for (const [name, replicas] of load.wanted)
        await watch.until(`${name} with ${replicas}`, eyes.hasConverged(name, replicas));
      samples = await sampling.stop();
    },
    2 * MINUTES,
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
    expect(versions.filter(([seq, , wire]) => seq <= raise && wire > 1)).toEqual([]);
    const younger = new Set(
      versions.filter(([seq, , wire]) => seq > raise && wire > 1).map(([, type]) => type),
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
});
