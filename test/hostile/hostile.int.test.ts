// Thousands of messages that nobody should send, to a cluster at work. After each class of them: all roles are there, every
// intent has its verdict, a good service runs in a moment, memory is bounded, and every copy, one that is started anew, and
// a refold agree on the state. MUSTER_SEED plays a seed again, MUSTER_HOSTILE_MESSAGES sends more of them.
import { readFile } from 'node:fs/promises';
import { createQueryClient, type QueryClient } from '@muster/api';
import { connectNats, discoverCopies, NatsBus } from '@muster/runtime';
import { seedChance } from '@muster/simulation';
import { createChanges, createState, foldRecord, hashState } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';
import { connectRaw, type RawNats } from '../harness/raw-nats.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';
import { classes, type Targets } from './messages.ts';

const MESSAGES = Number(process.env.MUSTER_HOSTILE_MESSAGES ?? 20_000);
const seed = Number(process.env.MUSTER_SEED ?? Date.now() % 100_000);
const chance = seedChance(seed);
const COPIES = 2;
/** A second more than anybody should notice, and what a class may leave to be decided first. */
const GOOD_WITHIN_MS = 2_000;
const VERDICTS_WITHIN_MS = 60_000;
const MOST_MORE_MEGABYTES = 500;
const PER_FLUSH = 250;

/** Whoever may write in the name of nodes has nodes, and what is given to those is not run. */
const good = { image: 'any', replicas: 2, placement: ['node.labels.real==yes'] };
/** What is logged of bugs of ours, and of ends. */
const BUGS = [
  'a promise failed that nobody waited for',
  'a message was not dealt with',
  'ended by itself, and is started again',
  'could not decide',
  'could not append a decision',
  'could not answer a query',
  'cannot go on',
];

let cluster: TestCluster;
let all: RoleProcess;
let watch: Watch;
let raw: RawNats;
let connection: Awaited<ReturnType<typeof connectNats>>;
let client: QueryClient;
let megabytesBefore: number;

beforeAll(async () => {
  cluster = await startCluster();
  all = await cluster.start(
    'up',
    ...['--nodes', '2', '--copies', String(COPIES), '--backend', 'simulator', '--label', 'real=yes'],
  );
  watch = await cluster.watch({ strict: false });
  await watch.until('two nodes', areReady(2));
  raw = await connectRaw(cluster.url);
  connection = await connectNats(cluster.url, { name: 'test' });
  client = createQueryClient(new NatsBus(connection));
  await cluster.intend(watch, 'apply', 'before', good);
  await watch.until('a service', hasConverged('before', 2));
  megabytesBefore = await measureMegabytes();
});

afterAll(async () => {
  raw?.close();
  await connection?.close();
  await cluster?.stop();
});

async function measureMegabytes(): Promise<number> {
  const status = await readFile(`/proc/${all.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

function findTargets(): Targets {
  const { state } = watch;
  return {
    nodeIds: [...state.nodes.keys()].filter((id) => !id.startsWith('ghost')),
    taskIds: [...state.tasks.keys()].slice(0, 50),
    serviceIds: [...state.services.keys()].slice(0, 50),
    head: state.head,
  };
}

async function send(name: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += PER_FLUSH) {
    const targets = findTargets();
    for (let index = 0; index < Math.min(PER_FLUSH, count - sent); index += 1) {
      const { subject, payload, reply } = classes[name]!(chance, targets);
      raw.publish(subject, payload, reply);
    }
    await raw.flush();
  }
}

/** A hash is of one moment, and something may be written between two questions. */
async function compareStates(): Promise<void> {
  const { seq, hash } = (await client.ask('state.hash', {})).answer;
  const others = await Promise.all(
    // They share a queue: so many that each of them is asked.
    Array.from({ length: 10 * (COPIES + 1) }, () => client.ask('state.hash', { minSeq: seq })),
  );
  for (const { answer } of others) expect(answer).toMatchObject({ seq, hash });
  expect((await client.ask('state.hash', { at: seq })).answer.hash).toBe(hash);
  expect(watch.state.head).toBe(seq);
  expect(hashState(watch.state)).toBe(hash);
  const fresh = createState();
  for await (const record of watch.log.read({ from: 1, to: seq })) foldRecord(fresh, record, createChanges());
  expect(hashState(fresh)).toBe(hash);
}

describe.each(Object.keys(classes))(`%s (seed ${seed})`, (name) => {
  it('are lived through', { timeout: 180_000 }, async () => {
    await send(name, Math.ceil(MESSAGES / Object.keys(classes).length));
    await watch.until(
      'every intent has its verdict, and every bad record is set aside',
      ({ state }) => state.intents.size === 0 && state.poison.size === 0,
      VERDICTS_WITHIN_MS,
    );
  });

  it('end no role', async () => {
    const ended = await Promise.race([all.ended, new Promise((resolve) => setTimeout(resolve, 10))]);
    expect(ended).toBeUndefined();
    // Busy with what was sent, they take a moment to answer.
    await vi.waitFor(
      async () => {
        const copies = (await discoverCopies(connection, 500)).map((copy) => copy.name).sort();
        expect(copies).toEqual(controlRoles.flatMap((role) => Array(COPIES).fill(`muster-${role}`)).sort());
      },
      { timeout: 20_000 },
    );
    expect(all.log.filter(({ msg }) => BUGS.includes(msg))).toEqual([]);
  });

  it('keep no good service waiting', async () => {
    const service = `good-${Object.keys(classes).indexOf(name)}`;
    await cluster.intend(watch, 'apply', service, good);
    await watch.until(service, hasConverged(service, 2), GOOD_WITHIN_MS);
  });

  it('fill no memory', async () => {
    expect((await measureMegabytes()) - megabytesBefore).toBeLessThan(MOST_MORE_MEGABYTES);
  });

  it('write nothing in the name of others', () => {
    const deputies = watch.facts.filter(({ subject }) => subject.endsWith('.deputy'));
    expect(deputies).toEqual([]);
    expect(watch.events('cluster.created')).toHaveLength(1);
  });

  it('leave one state, however it is come by', { timeout: 120_000 }, async () => {
    const anew = await cluster.start('api');
    await vi.waitFor(compareStates, { timeout: 90_000, interval: 500 });
    expect(await anew.stop()).toMatchObject({ code: 0 });
    expect(anew.log.filter(({ msg }) => BUGS.includes(msg))).toEqual([]);
  });
});
