// What has to hold when a fault is over.
import { join } from 'node:path';
import { createQueryClient } from '@muster/api';
import { createBackend } from '@muster/backends';
import { connectNats, NatsBus } from '@muster/runtime';
import { createChanges, createState, foldRecord, hashState } from '@muster/state';
import { hasConverged } from '../harness/sightings.ts';
import { failing, probe, scrape } from '../harness/telemetry.ts';
import type { Watch } from '../harness/watch.ts';
import { nameNode, type Seat, type Stage } from './stage.ts';

/** What is logged of bugs of ours, and of ends. */
const BUGS = ['a promise failed that nobody waited for', 'a message was not dealt with', 'cannot go on'];
/** What only who has lost something may say. */
const LOSSES = [
  'what was read is not in the log any more: starting again from the log',
  'ended by itself, and is started again',
];

/** Processes that have ended, and what was logged since then that nothing explains. */
export async function findComplaints(
  seats: readonly Seat[],
  since: Date,
  mayLose: boolean,
): Promise<string[]> {
  const ends = await Promise.all(
    seats.map(async ({ role, host, process }) => {
      const ending = await Promise.race([process.ended, undefined]);
      return ending && `${role} on host ${host.index} ended with ${ending.signal ?? ending.code}`;
    }),
  );
  const wrong = mayLose ? BUGS : [...BUGS, ...LOSSES];
  const said = seats.flatMap(({ role, host, process }) =>
    process.log
      .filter(({ msg, time }) => wrong.includes(msg) && Date.parse(String(time)) >= Number(since))
      .map((line) => `${role} on host ${host.index}: ${line.time} ${line.msg}: ${line.error ?? ''}`),
  );
  return [...ends.filter((end) => end !== undefined), ...said];
}

/** Intents that were acknowledged and are not where they should be, that are there twice, or that have no verdict. */
export function findLostIntents({ watch, load }: Stage): string[] {
  const found: string[] = [];
  for (const [seq, { subject, ask }] of load.acknowledged) {
    const fact = watch.facts[seq - 1];
    if (fact?.is !== 'intent' || fact.subject !== subject || readAsk(fact.body) !== ask)
      found.push(`#${seq} ${subject} is lost: ${JSON.stringify(fact)}`);
  }
  const seen = new Map<string, number>();
  for (const fact of watch.facts) {
    const ask = fact.is === 'intent' ? readAsk(fact.body) : undefined;
    if (ask === undefined) continue;
    const before = seen.get(ask);
    if (before !== undefined) found.push(`ask ${ask} is stored twice: #${before} and #${fact.seq}`);
    seen.set(ask, fact.seq);
  }
  for (const seq of watch.state.intents.keys()) found.push(`#${seq} has no verdict`);
  return found;
}

function readAsk(body: unknown): string | undefined {
  return (body as { labels?: { ask?: string } } | undefined)?.labels?.ask;
}

/** What the log asks for: who was accepted last, by name. */
function listAsked({ facts }: Watch): Map<string, number> {
  const asked = new Map<string, number>();
  const refused = new Set(
    facts.flatMap((fact) =>
      fact.is === 'event' && fact.event.type === 'intent.rejected' ? [fact.event.intent] : [],
    ),
  );
  for (const fact of facts) {
    if (fact.is !== 'intent' || refused.has(fact.seq)) continue;
    if (fact.verb === 'remove') asked.delete(fact.name!);
    else asked.set(fact.name!, (fact.body as { replicas: number }).replicas);
  }
  return asked;
}

/** Where what really runs is not what was asked for. */
export async function findWrongTasks(stage: Stage): Promise<string[]> {
  const { watch } = stage;
  const wrong: string[] = [];
  const wanted = new Set<string>();
  const asked = listAsked(watch);
  for (const [name, replicas] of asked) {
    const running = hasConverged(name, replicas)(watch);
    if (running === undefined) wrong.push(`${name} does not run as asked, ${replicas} times`);
    for (const { id } of running ?? []) wanted.add(id);
  }
  for (const { spec } of watch.state.services.values())
    if (!asked.has(spec.name)) wrong.push(`${spec.name} is there, and was not asked for`);
  const real = await listReal(stage);
  for (const id of wanted) if (!real.has(id)) wrong.push(`task ${id} does not really run`);
  if (wrong.length === 0)
    for (const id of real) if (!wanted.has(id)) wrong.push(`task ${id} runs, and nobody knows it`);
  return wrong;
}

async function listReal({ cluster, hosts }: Stage): Promise<Set<string>> {
  const real = new Set<string>();
  for (const host of hosts.all) {
    const name = nameNode(host);
    const nodeId = await cluster.nodeId(name);
    const stateDir = join(cluster.dir, 'nodes', name, 'tasks');
    const backend = await createBackend('process', { clusterName: 'muster', nodeId, stateDir });
    for (const { taskId, status } of await backend.list()) if (status === 'running') real.add(taskId);
    await backend.close();
  }
  return real;
}

/** Copies that are not ready, or say so and are behind. */
export async function findUnready({ seats, watch }: Stage): Promise<string[]> {
  const { head } = watch.state;
  const found = await Promise.all(
    seats.map(async ({ role, host, process }) => {
      const answer = await probe(process, 'readyz').catch((error: Error) => error);
      const who = `${role} on host ${host.index}`;
      if (answer instanceof Error) return `${who} does not answer: ${answer.message}`;
      if (answer.status !== 200) return `${who} is not ready: ${failing(answer).join(', ')}`;
      if (role === 'agent') return undefined;
      const folded = readHead(await scrape(process));
      return folded >= head ? undefined : `${who} is ready, and at ${folded} of ${head}`;
    }),
  );
  return found.filter((one) => one !== undefined);
}

export function readHead(samples: ReadonlyMap<string, number>): number {
  for (const [name, value] of samples) if (name.startsWith('muster_fold_head_sequence')) return value;
  return Number.NaN;
}

/** Copies of the API share a queue, so that so many questions reach all of them. */
const QUESTIONS = 15;

/** Hashes of the API's copies and of a refold that differ. */
export async function findOddStates({ cluster, watch }: Stage): Promise<string[]> {
  const connection = await connectNats(cluster.url, { name: 'test' });
  try {
    const client = createQueryClient(new NatsBus(connection));
    const { seq, hash } = (await client.ask('state.hash', {})).answer;
    if (watch.state.head !== seq) return [`the API is at ${seq}, and the log at ${watch.state.head}`];
    const others = await Promise.all(
      Array.from({ length: QUESTIONS }, () => client.ask('state.hash', { minSeq: seq })),
    );
    const fresh = createState();
    for await (const record of watch.log.read({ from: 1, to: seq }))
      foldRecord(fresh, record, createChanges());
    const all = [
      ['watched', hash, hashState(watch.state)],
      ['refolded', hash, hashState(fresh)],
      ...others.map(({ answer }) => [`of a copy at ${answer.seq}`, hash, answer.hash]),
    ];
    return all.flatMap(([what, one, other]) => (one === other ? [] : [`${what}: ${other}, not ${one}`]));
  } finally {
    await connection.close();
  }
}
