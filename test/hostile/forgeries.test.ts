// Somebody writes as a reducer does, at random, into a log at work: parts of what stands there, changed and out of place.
// Whatever it makes of the state, nothing is left there that no reducer would act on: every intent gets a verdict, every
// service its tasks, the reducers come to rest, and the audit tells the story of each. MUSTER_SEED plays one seed again.
import { type AuditEntry, readAudit } from '@muster/api';
import {
  composeEvent,
  decode,
  type EventDraft,
  encodeJson,
  intentSubject,
  type RawRecord,
  UnreadableEventError,
} from '@muster/events';
import { countReplicas, TaskState } from '@muster/model';
import { type Chance, seedChance } from '@muster/simulation';
import {
  type ClusterState,
  createState,
  foldRecord,
  ignoreChanges,
  isLive,
  type Service,
  type Slot,
} from '@muster/state';
import { joinReadyNode, startHistory } from '@muster/testing';
import { expect, it } from 'vitest';
import { type Lived, liveThrough } from './lived-through.ts';

const SEEDS = process.env.MUSTER_SEED
  ? [Number(process.env.MUSTER_SEED)]
  : Array.from({ length: 30 }, (_, index) => index + 1);
const FORGERIES = 60;
const NAMES = ['a', 'b', 'c'];

it.each(SEEDS)('seed %i', async (seed) => {
  const chance = seedChance(seed);
  const lived = await liveThrough(begin(), 2_000);
  for (let count = 0; count < FORGERIES; count += 1) {
    if (chance.happens(0.2)) await ask(lived, chance);
    await forge(lived, chance);
    if (chance.happens(0.3)) await lived.clock.advance(chance.between(1, 500));
  }
  // Longer than anybody waits for a task before its own to stop.
  await lived.clock.advance(120_000);
  const before = lived.log.records.length;
  await lived.clock.advance(60_000);
  const { state } = lived.follower;
  expect(state.halted).toBeUndefined();
  expect([state.intents.size, state.poison.size]).toEqual([0, 0]);
  expect([...state.services.values()].flatMap(findStuck)).toEqual([]);
  expect(lived.log.records.length - before).toBeLessThan(20);
  expect(await findUntold(lived)).toEqual([]);
  await lived.stop();
});

function begin() {
  const history = startHistory();
  for (const node of ['n1', 'n2', 'n3']) joinReadyNode(history, node);
  for (const name of NAMES) history.intend('apply', name, { image: 'x', replicas: 3 });
  return history.records;
}

async function ask({ log }: Lived, chance: Chance): Promise<void> {
  const body = { image: chance.pick(['x', 'y']), replicas: chance.between(0, 5) };
  const verb = chance.pick(['apply', 'apply', 'create', 'remove']);
  await log.append(intentSubject('ana', 'service', verb, chance.pick(NAMES)), encodeJson(body));
}

async function forge({ log, follower, clock }: Lived, chance: Chance): Promise<void> {
  const { subject, data } = compose(draw(follower.state, chance), clock.now()) ?? {
    subject: chance.pick(log.records).subject,
    data: chance.pick(log.records).data,
  };
  if (subject.startsWith('muster.event.')) await log.append(subject, data);
}

function compose(draft: EventDraft | undefined, now: number) {
  try {
    return draft && composeEvent(draft, now);
  } catch (error) {
    if (error instanceof UnreadableEventError) return undefined;
    throw error;
  }
}

/** Undefined for a record that was there before, on the subject of another. */
function draw(state: ClusterState, chance: Chance): EventDraft | undefined {
  const services = [...state.services.values()];
  const service = services.length > 0 && chance.happens(0.9) ? chance.pick(services) : undefined;
  const serviceId = service?.id ?? `ghost${chance.between(1, 3)}`;
  const ids = [...state.tasks.keys()];
  const someTasks = () => Array.from({ length: chance.between(1, 3) }, () => chance.pick([...ids, 'ghost']));
  const cause = chance.between(0, state.head);
  const specVersion = chance.happens(0.7) ? (service?.version.seq ?? 1) : cause;
  const nodeId = chance.pick([...state.nodes.keys(), 'nobody']);
  const waiting = [...state.intents.keys()];
  const intent = waiting.length > 0 && chance.happens(0.5) ? chance.pick(waiting) : Math.max(1, cause);
  const spec = chance.pick(services)?.spec;
  return chance.pick<() => EventDraft | undefined>([
    () => undefined,
    () => ({ type: 'service.allocated', cause, serviceId, specVersion, ports: [] }),
    () => ({ type: 'service.allocation_failed', cause, serviceId, specVersion, message: 'no' }),
    () => ({ type: 'tasks.unschedulable', cause, serviceId, specVersion, message: 'no', refused: [] }),
    () => ({ type: 'tasks.assigned', cause, nodeId, tasks: someTasks(), why: [] }),
    () => ({ type: 'tasks.undelivered', cause, nodeId, tasks: someTasks(), reason: 'no' }),
    () => ({ type: 'intent.rejected', cause, intent, actor: 'eve', kind: 'invalid', message: 'no' }),
    () => ({ type: 'event.quarantined', cause, record: intent, subject: 's', reason: 'no' }),
    () => ({ type: 'service.removed', cause: intent, serviceId, actor: 'eve' }),
    () => spec && { type: 'service.updated', cause: intent, serviceId, actor: 'eve', spec },
    () => spec && { type: 'service.created', cause: intent, serviceId, actor: 'eve', spec },
    () => ({
      type: 'service.reconciled',
      cause,
      serviceId,
      specVersion,
      created: [
        {
          id: chance.pick([...ids, `forged${state.head}`]),
          slot: chance.between(1, 6),
          generation: chance.between(1, 3),
          desired: chance.pick(['ready', 'running']),
        },
      ],
      desired: someTasks().map((id) => ({
        id,
        state: chance.pick(['ready', 'running', 'shutdown', 'remove']),
      })),
      reaped: chance.happens(0.3) ? someTasks() : [],
      why: [],
    }),
  ])();
}

/** What no reducer would act on: there are no agents here, so a task that has a node is where it can get. */
function findStuck(service: Service): string[] {
  const { spec, id, removed, occupiedSlots } = service;
  const name = `${spec.name} ${id}`;
  if (removed) {
    const waits = [...service.tasks.values()].some(({ observed }) => observed >= TaskState.ASSIGNED);
    return waits ? [] : [`${name} is removed and stays`];
  }
  const stuck: string[] = [];
  if (occupiedSlots !== countReplicas(spec)) stuck.push(`${name} has ${occupiedSlots} slots`);
  for (const slot of service.slots.values()) {
    if (!slot.occupied) continue;
    const live = slot.tasks.filter(isLive);
    if (live.length === 0) stuck.push(`${name}.${slot.number} has nothing to run`);
    for (const task of live) {
      if (task.observed < TaskState.ASSIGNED && isFree(slot))
        stuck.push(`${name}.${slot.number} is at ${task.observed}, wanted ${task.desired}`);
    }
  }
  return stuck;
}

/** Of what services there ever were, those whose audit lacks how they came to be; and the intents whose verdict it lacks. */
async function findUntold({ log, follower }: Lived): Promise<string[]> {
  const { state } = follower;
  const read = async (about: string): Promise<readonly AuditEntry[]> => {
    const audit = await readAudit(log, state, about);
    return audit.ok ? audit.entries : [];
  };
  const untold: string[] = [];
  const { creations, verdicts } = listTurns(log.records);
  for (const [id, seq] of creations) {
    const entries = await read(id);
    const isTold = entries.some((entry) => entry.seq === seq && entry.kind === 'service.created');
    if (!isTold) untold.push(`how ${id} was created in #${seq}`);
  }
  const stories = new Map<string, readonly AuditEntry[]>();
  for (const name of NAMES) stories.set(name, await read(name));
  for (const fact of log.records.map((record) => decode(record))) {
    if (fact.is !== 'intent') continue;
    const told = stories.get(fact.name!)!;
    const verdict = decode(log.records[verdicts.get(fact.seq)! - 1]!);
    // What is about the service of another name is looked for only where nothing else answers.
    const isAstray = verdict.is === 'event' && 'serviceId' in verdict.event;
    const isTold = (wanted: number) => told.some(({ seq }) => seq === wanted);
    const isAnswered = isTold(verdict.seq) || (isAstray && told.some(({ cause }) => cause === fact.seq));
    if (!isTold(fact.seq) || !isAnswered) untold.push(`#${verdict.seq} of intent #${fact.seq}`);
  }
  return untold;
}

/** Of each service that was in the state at some moment, the record that brought it there; of each intent, what closed it. */
function listTurns(records: readonly RawRecord[]) {
  const state = createState();
  const creations = new Map<string, number>();
  const verdicts = new Map<number, number>();
  for (const record of records) {
    const open = [...state.intents.keys()];
    foldRecord(state, record, ignoreChanges());
    for (const id of state.services.keys()) if (!creations.has(id)) creations.set(id, record.seq);
    for (const seq of open) if (!state.intents.has(seq)) verdicts.set(seq, record.seq);
  }
  return { creations, verdicts };
}

/** Nothing before it in its slot may still run. */
function isFree(slot: Slot): boolean {
  return slot.tasks.filter((task) => !isLive(task) && task.observed >= TaskState.ASSIGNED).length === 0;
}
