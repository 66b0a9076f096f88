// How fast pending tasks are given to nodes, in one thread and without a log: decisions alone, and whole ticks, in which
// each decision is also encoded, decoded and folded into the state.
import type { RawRecord } from '@muster/events';
import { createScheduler } from '@muster/scheduler';
import { clearChanges } from '@muster/state';
import type { Bench, Values } from '../bench.ts';
import { printResult } from '../report.ts';
import { median } from '../statistics.ts';
import { buildCluster, type Cluster, deploy, MAX_CONSTRAINTS, tellNodes, type Wishes } from './cluster.ts';

export const place: Bench = {
  summary: 'Placement decisions and scheduler ticks per second, by nodes, group size and filters.',
  flags: {
    nodes: { help: 'sizes of the cluster', default: '1000,10000,100000' },
    groups: { help: 'tasks of each service', default: '1,1000' },
    constraints: {
      help: `placement constraints of each service, at most ${MAX_CONSTRAINTS}`,
      default: '1,5,20',
    },
    preferences: { help: 'spread preferences (10 zones): 0 or 1', default: '0,1' },
    reservations: { help: 'tasks reserve CPU and memory: 0 or 1', default: '1' },
    ports: { help: 'tasks publish a port of their node, where there are nodes enough: 0 or 1', default: '1' },
    tasks: { help: 'tasks in each measurement, of services of one task', default: '3000' },
    'group-tasks': { help: 'tasks in each measurement, of larger services', default: '20000' },
    clock: {
      help: "wall, or cpu: the processor time of this process, on a machine that isn't quiet",
      default: 'wall',
    },
    rounds: { help: 'measurements of each kind; the median counts', default: '3' },
  },
  async run(values) {
    for (const nodes of values.numbers('nodes')) {
      const records = tellNodes(nodes);
      for (const preference of values.numbers('preferences')) {
        for (const groupSize of values.numbers('groups')) {
          // The tree doesn't care how many constraints there are: the first number will do.
          const kinds = values.numbers('constraints').slice(0, preference ? 1 : undefined);
          for (const constraints of kinds) {
            const wishes = {
              constraints,
              reservations: values.number('reservations') > 0,
              ports: values.number('ports') > 0 && groupSize <= nodes / 2,
              preference: preference > 0,
            };
            measure(records, groupSize, wishes, values);
          }
        }
      }
    }
  },
};

function measure(records: readonly RawRecord[], groupSize: number, wishes: Wishes, values: Values): void {
  const tasks = values.number(groupSize === 1 ? 'tasks' : 'group-tasks');
  const cluster = buildCluster(records);
  const scheduler = createScheduler();
  scheduler.notice(cluster.state, cluster.changes);
  clearChanges(cluster.changes);
  const clock = values.text('clock') === 'cpu' ? readCpuMs : () => performance.now();
  const measured: Ticks[] = [];
  let services = 0;
  // The first warms up, and fills what lives between decisions.
  for (let round = 0; round <= values.number('rounds'); round += 1) {
    for (let made = 0; made < tasks; made += groupSize) {
      deploy(cluster, services, groupSize, wishes);
      services += 1;
    }
    // What making the services left behind isn't for the scheduler to clear.
    globalThis.gc?.({ type: 'minor' });
    const ticks = settle(cluster, scheduler, clock);
    if (ticks.placed < tasks) throw new Error(`only ${ticks.placed} of ${tasks} tasks were placed`);
    if (round > 0) measured.push(ticks);
  }
  printResult({
    bench: 'place',
    nodes: records.length / 2,
    groupSize,
    constraints: wishes.constraints,
    reservations: Number(wishes.reservations),
    hostPorts: Number(wishes.ports),
    preferences: Number(wishes.preference),
    decisionsPerSec: median(measured.map(({ placed, decidingMs }) => (placed / decidingMs) * 1000)),
    ticksPerSec: median(measured.map(({ placed, ms }) => (placed / ms) * 1000)),
    longestRoundMs: Math.max(...measured.map(({ longestMs }) => longestMs)),
  });
}

interface Ticks {
  readonly placed: number;
  readonly ms: number;
  /** What deciding took of it. */
  readonly decidingMs: number;
  readonly longestMs: number;
}

function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** One tick after the other, until nothing is left to be decided. */
function settle(
  { state, changes, append }: Cluster,
  scheduler: ReturnType<typeof createScheduler>,
  clock: () => number,
): Ticks {
  let placed = 0;
  let decidingMs = 0;
  let longestMs = 0;
  const started = clock();
  for (;;) {
    scheduler.notice(state, changes);
    clearChanges(changes);
    const began = clock();
    const decisions = scheduler.decide(state, 0);
    const took = clock() - began;
    decidingMs += took;
    longestMs = Math.max(longestMs, took);
    if (decisions.length === 0) return { placed, ms: clock() - started, decidingMs, longestMs };
    for (const { event } of decisions) {
      if (event.type === 'tasks.assigned') placed += event.tasks.length;
      append(event);
    }
  }
}
