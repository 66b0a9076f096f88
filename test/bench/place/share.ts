// How much of placing schedulers take off one another: each copy has a state of its own, folds what all of them decide, and is
// accounted for by itself. All run in this process, in turn, so that it takes no more cores than one: the copy that needs the most
// processor time is what copies with a core each would wait for.
import type { RawRecord } from '@muster/events';
import { subjectOfEvent } from '@muster/events';
import { createShare, type Decision, type Presence, type Reducer, turnedOrder } from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { clearChanges, lastSeqOf } from '@muster/state';
import type { Bench, Values } from '../bench.ts';
import { printResult } from '../report.ts';
import { buildCluster, type Cluster, deploy, MAX_CONSTRAINTS, tellNodes } from './cluster.ts';

export const share: Bench = {
  summary: 'Schedulers that share the work: processor time of each for every placement, by copies.',
  flags: {
    nodes: { help: 'size of the cluster', default: '100000' },
    copies: { help: 'copies of the scheduler; one series for each', default: '1,2' },
    constraints: {
      help: `placement constraints of each service, at most ${MAX_CONSTRAINTS}`,
      default: '20',
    },
    own: { help: 'constraints that no other service has: 0 or 1', default: '1' },
    services: { help: 'services of one task, placed one by one', default: '200' },
    'warm-up': { help: 'services beforehand, not counted', default: '200' },
  },
  async run(values) {
    const nodes = tellNodes(values.number('nodes'));
    let alone: number | undefined;
    for (const copies of values.numbers('copies')) {
      const { slowest, ...costs } = measure(nodes, copies, values);
      alone ??= slowest;
      printResult({
        bench: 'share',
        n: copies,
        nodes: nodes.length / 2,
        constraints: values.number('constraints'),
        own: values.number('own'),
        ...costs,
        slowestMicros: slowest,
        timesTheFirst: alone / slowest,
      });
    }
  },
};

interface Copy {
  readonly cluster: Cluster;
  readonly scheduler: Reducer;
  decidingMicros: number;
  followingMicros: number;
}

function measure(nodes: readonly RawRecord[], count: number, values: Values) {
  const names = Array.from({ length: count }, (_, index) => `copy-${index + 1}`);
  const copies = names.map((name) => startCopy(nodes, name, names));
  settle(copies, 0, values.number('warm-up'), values);
  for (const copy of copies) Object.assign(copy, { decidingMicros: 0, followingMicros: 0 });
  const services = values.number('services');
  const { appended, refused } = settle(copies, values.number('warm-up'), services, values);
  const micros = (of: (copy: Copy) => number) =>
    Object.fromEntries(copies.map((copy, index) => [names[index]!, of(copy) / services]));
  return {
    decidingMicros: micros(({ decidingMicros }) => decidingMicros),
    followingMicros: micros(({ followingMicros }) => followingMicros),
    slowest: Math.max(...Object.values(micros((copy) => copy.decidingMicros + copy.followingMicros))),
    refusedShare: refused / (refused + appended),
  };
}

function startCopy(nodes: readonly RawRecord[], name: string, all: readonly string[]): Copy {
  const cluster = buildCluster(nodes);
  const sharing = createShare(presenceOf(name, all), { clock: still, onChange: () => undefined });
  const scheduler = createScheduler({ sharing, rank: turnedOrder(name) });
  scheduler.notice(cluster.state, cluster.changes);
  clearChanges(cluster.changes);
  return { cluster, scheduler, decidingMicros: 0, followingMicros: 0 };
}

/** Nobody comes or goes, and nobody's patience ends. */
const still = { now: () => 0, schedule: () => ({ cancel: () => undefined }) };

function presenceOf(copy: string, all: readonly string[]): Presence {
  return {
    copy,
    others: new Set(all.filter((name) => name !== copy)),
    onSign: () => undefined,
    awakeSince: 0,
    ask: async () => 'silence',
    answeredAt: () => 0,
    miss: () => undefined,
    takePart: () => undefined,
    answerWith: () => undefined,
    stop: () => undefined,
  };
}

/** Round after round, until nobody has anything left to decide. */
function settle(copies: readonly Copy[], first: number, services: number, values: Values) {
  const wishes = {
    constraints: values.number('constraints'),
    own: values.number('own') > 0,
    reservations: true,
    ports: false,
    preference: false,
  };
  for (const { cluster } of copies)
    for (let index = first; index < first + services; index += 1) deploy(cluster, index, 1, wishes);
  let [appended, refused] = [0, 0];
  for (;;) {
    const decisions = copies.flatMap(decide);
    if (decisions.length === 0) break;
    for (const { event, expect } of decisions) {
      // What the log would say.
      if (lastSeqOf(copies[0]!.cluster.state, subjectOfEvent(event)) !== expect) refused += 1;
      else {
        appended += 1;
        for (const copy of copies) copy.followingMicros += timed(() => copy.cluster.append(event)).micros;
      }
    }
  }
  const placed = copies[0]!.cluster.state.tasks;
  const left = copies.some(({ scheduler }) => (scheduler.backlog?.().services ?? 0) > 0);
  if (left || placed.size < first + services) throw new Error('not everything was placed');
  return { appended, refused };
}

function decide(copy: Copy): readonly Decision[] {
  const { cluster, scheduler } = copy;
  copy.followingMicros += timed(() => {
    scheduler.notice(cluster.state, cluster.changes);
    clearChanges(cluster.changes);
  }).micros;
  const { result, micros } = timed(() => scheduler.decide(cluster.state, 0));
  copy.decidingMicros += micros;
  return result;
}

function timed<T>(run: () => T): { readonly result: T; readonly micros: number } {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  return { result, micros: user + system };
}
