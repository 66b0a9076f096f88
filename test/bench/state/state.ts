// The folded state at full size: what it weighs, what folding costs, and the longest time for which folding, collecting
// garbage, writing a snapshot, hashing or starting from a snapshot stops everything else in the process.
import { PerformanceObserver } from 'node:perf_hooks';
import {
  captureState,
  createState,
  foldRecord,
  hashRows,
  ignoreChanges,
  readSnapshot,
  writeSnapshot,
} from '@muster/state';
import type { Bench } from '../bench.ts';
import { printResult, say } from '../report.ts';
import { growState } from './grow-state.ts';
import { measureTouching } from './touch-service.ts';

export const state: Bench = {
  summary:
    'The folded state at full size: memory, and the longest pause of fold, snapshot, hash and restart.',
  flags: {
    tasks: { help: 'running tasks; one run for each', default: '100000,1000000' },
    'tasks-per-service': { help: 'as many in each service', default: '1000' },
    nodes: { help: 'nodes', default: '10000' },
    'one-service': { help: 'tasks of one service that an event touches as a whole', default: '50000,500000' },
  },
  async run(values) {
    for (const tasks of values.numbers('tasks')) {
      const services = Math.ceil(tasks / values.number('tasks-per-service'));
      await measure({ tasks, services, nodes: values.number('nodes') });
    }
    for (const tasks of values.numbers('one-service')) measureTouching(tasks);
  },
};

async function measure(size: { readonly tasks: number; readonly services: number; readonly nodes: number }) {
  say(`${size.tasks} tasks on ${size.nodes} nodes`);
  const longestGc = watchGarbageCollection();
  const before = weigh();
  const cluster = createState();
  const changes = ignoreChanges();
  const folding = createMeter();
  for (const record of growState(size)) {
    folding.time(() => foldRecord(cluster, record, changes));
    // As between two deliveries: what a long run of events piles up is collected in pieces.
    if (record.seq % 100 === 0) await turn();
  }
  const foldGcMs = longestGc();
  const bytes = weigh() - before;
  const started = performance.now();
  collectGarbage();
  const fullGcMs = performance.now() - started;

  const capturing = createMeter();
  const capture = capturing.time(() => captureState(cluster));
  const writing = createMeter();
  const chunks = await take(writing, writeSnapshot(capture));
  const hashing = createMeter();
  await take(hashing, hashRows(capture.rows()) as Iterable<void>);
  capture.release();
  const restoring = createMeter();
  const reader = readSnapshot();
  for (const chunk of chunks) {
    restoring.time(() => reader.take(chunk));
    await turn();
  }
  await take(restoring, reader.finish() as Iterable<void>);

  printResult({
    bench: 'state',
    n: size.tasks,
    services: size.services,
    nodes: size.nodes,
    bytesPerTask: bytes / size.tasks,
    taskChangesPerSec: (6 * size.tasks) / folding.seconds,
    longestFoldMs: folding.longestMs,
    longestGcMs: foldGcMs,
    fullGcMs,
    snapshotMb: chunks.reduce((sum, { length }) => sum + length, 0) / 1e6,
    captureMs: capturing.longestMs,
    snapshotSeconds: writing.seconds,
    longestSnapshotStepMs: writing.longestMs,
    hashSeconds: hashing.seconds,
    longestHashStepMs: hashing.longestMs,
    restoreSeconds: restoring.seconds,
    longestRestoreStepMs: restoring.longestMs,
  });
}

function createMeter() {
  const meter = {
    seconds: 0,
    longestMs: 0,
    time<Result>(work: () => Result): Result {
      const started = performance.now();
      const result = work();
      const ms = performance.now() - started;
      meter.seconds += ms / 1000;
      meter.longestMs = Math.max(meter.longestMs, ms);
      return result;
    },
  };
  return meter;
}

/** Every step of it, with turns of the event loop between. */
async function take<Item>(meter: ReturnType<typeof createMeter>, steps: Iterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  const iterator = steps[Symbol.iterator]();
  for (;;) {
    const step = meter.time(() => iterator.next());
    if (step.done) return items;
    items.push(step.value);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
}

function weigh(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Returns the longest collection since the last call, but for those that were asked for. */
function watchGarbageCollection(): () => number {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags = 0 } = (entry as { readonly detail?: { readonly flags?: number } }).detail ?? {};
      if (flags === 0) longest = Math.max(longest, entry.duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    const result = longest;
    longest = 0;
    return result;
  };
}
