// No decision is larger than a record may be, whatever it holds, and everything is decided in the end.
import { composeEvent, type EventDraft } from '@muster/events';
import { TaskState } from '@muster/model';
import type { Task } from '@muster/state';
import {
  assign,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  settle,
  startHistory,
  tasksOf,
} from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOrchestrator } from './orchestrator.ts';
import { type NewTask, sizeOfCreated, sizeOfDesired } from './plan-size.ts';

const KIB = 1024;
/** As much as a writer may have read. */
const read = { seq: Number.MAX_SAFE_INTEGER, digest: 0xffff_ffff };

function startCluster(maxRecordBytes: number) {
  const history = startHistory();
  const orchestrator = createOrchestrator({ maxRecordBytes: () => maxRecordBytes });
  joinReadyNode(history, 'n1');
  return {
    history,
    /** Decides all there is, and returns it. */
    settle(): EventDraft[] {
      history.wait(10_000);
      const events = settle(history, orchestrator);
      for (const event of events)
        expect(composeEvent(event, history.now, { read }).data.length).toBeLessThanOrEqual(maxRecordBytes);
      return events;
    },
  };
}

function web({ state }: History) {
  return serviceNamed(state, 'web');
}

/** Brings what is pending to where its node says that it runs, or that it ended, with these words. */
function run(history: History, choose: (task: Task) => string | undefined): void {
  const { id, version } = web(history);
  if (!version.ports)
    history.append({
      type: 'service.allocated',
      cause: 1,
      serviceId: id,
      specVersion: version.seq,
      ports: [],
    });
  const pending = [...web(history).pending].map((task) => task.id);
  for (let from = 0; from < pending.length; from += 5_000)
    assign(history, 'n1', ...pending.slice(from, from + 5_000));
  const statuses = tasksOf(web(history))
    .filter(({ node, observed }) => node && observed <= TaskState.RUNNING)
    .map((task) => {
      const err = choose(task);
      if (task.desired > TaskState.RUNNING) return { id: task.id, state: 'shutdown' as const };
      return err === undefined
        ? { id: task.id, state: 'running' as const }
        : { id: task.id, state: 'failed' as const, err };
    });
  report(history, 'n1', ...statuses);
}

function listWrongSlots(history: History): number[] {
  const { slots, version } = web(history);
  return [...slots.values()]
    .filter(({ newest, occupied }) => occupied && newest?.version.seq !== version.seq)
    .map(({ number }) => number);
}

describe.each([
  ['NATS’ default', 1024 * KIB - 128],
  ['a small server', 64 * KIB],
])('with the records of %s', (_name, maxRecordBytes) => {
  it('a second update that starts first, of all slots at once, is decided in parts', () => {
    const { history, settle: decide } = startCluster(maxRecordBytes);
    const update = { parallelism: 0, order: 'start-first' };
    const spec = { image: 'nginx:1', replicas: 8_000, update };
    history.intend('apply', 'web', spec);
    decide();
    run(history, () => undefined);
    for (const image of ['nginx:2', 'nginx:3']) {
      history.intend('apply', 'web', { ...spec, image });
      const events = decide();
      expect(events.length).toBeGreaterThan(1);
      for (const event of events) if (event.type === 'service.reconciled') expectWholeSteps(event);
      expect(listWrongSlots(history)).toEqual([]);
    }
    expect(web(history).tasks.size).toBe(24_000);
  });

  it('the end of thousands of tasks is decided in parts, whatever each of them says', () => {
    const { history, settle: decide } = startCluster(maxRecordBytes);
    history.intend('apply', 'web', { image: 'nginx', replicas: 3_000 });
    decide();
    run(history, ({ slot }) => '茶"\n'.repeat(slot.number % 300));
    const events = decide();
    expect(
      events.some((event) => 'why' in event && event.why.some((why) => String(why).includes('茶'))),
    ).toBe(true);
    expect(web(history).dead.size).toBe(0);
  });
});

/** What a created task takes the place of is ended by the same event, unless it serves until the other runs. */
function expectWholeSteps({
  created = [],
  desired = [],
}: Extract<EventDraft, { type: 'service.reconciled' }>) {
  const stopped = new Set(desired.map(({ id }) => id));
  const replaced = created.filter(({ replaces }) => replaces !== undefined && stopped.has(replaces));
  expect(stopped.size).toBe(replaced.length);
}

const step = fc.oneof(
  fc.record({ do: fc.constant('scale' as const), replicas: fc.nat(250) }),
  fc.record({ do: fc.constant('update' as const), parallelism: fc.constantFrom(0, 7), first: fc.boolean() }),
  fc.record({
    do: fc.constant('run' as const),
    failing: fc.nat(3),
    err: fc.string({ unit: 'binary', maxLength: 500 }),
  }),
);

describe('whatever happens to a service', () => {
  it('no decision exceeds the budget, and all is decided in the end', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 2, maxLength: 8 }),
        fc.integer({ min: 6, max: 40 }),
        (steps, kib) => {
          const { history, settle: decide } = startCluster(kib * KIB);
          history.intend('apply', 'web', { image: 'nginx', replicas: 100, restart: { delay: 0 } });
          decide();
          for (const [index, { do: what, ...of }] of steps.entries()) {
            if (what === 'scale')
              history.intend('scale', 'web', { replicas: (of as { replicas: number }).replicas });
            else if (what === 'update') {
              const { parallelism, first } = of as { parallelism: number; first: boolean };
              const order = first ? 'start-first' : 'stop-first';
              const replicas = web(history).spec.mode.replicated?.replicas;
              history.intend('apply', 'web', {
                image: `nginx:${index}`,
                replicas,
                restart: { delay: 0 },
                update: { parallelism, order },
              });
            } else {
              const { failing, err } = of as { failing: number; err: string };
              run(history, ({ slot }) => (failing > 0 && slot.number % 4 < failing ? err : undefined));
            }
            decide();
          }
          for (let turn = 0; turn < 200 && listWrongSlots(history).length > 0; turn += 1) {
            run(history, () => undefined);
            decide();
          }
          expect(listWrongSlots(history)).toEqual([]);
          expect(web(history).occupiedSlots).toBe(web(history).spec.mode.replicated?.replicas);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('the size of what a plan lists', () => {
  it('is what it takes in the event', () => {
    const id = fc.string({ unit: fc.constantFrom(...'abz019'), minLength: 1, maxLength: 25 });
    const task = fc.record(
      {
        id,
        slot: fc.integer({ min: 1, max: 10_000_000 }),
        generation: fc.integer({ min: 1 }),
        desired: fc.constantFrom('ready' as const, 'running' as const),
        startAt: fc.oneof(fc.maxSafeNat(), fc.double({ noNaN: true, noDefaultInfinity: true })),
        replaces: id,
        cause: fc.constantFrom('restart' as const, 'update' as const),
      },
      { requiredKeys: ['id', 'slot'] },
    );
    fc.assert(fc.property(task, (one) => sizeOfCreated(one as NewTask) >= JSON.stringify(one).length + 1));
    expect(sizeOfDesired('abc', 'shutdown')).toBe(
      JSON.stringify({ id: 'abc', state: 'shutdown' }).length + 1,
    );
  });
});
