// A process that a task runs is killed with kill -9, on a node whose backend is the operating system's own processes.
import { join } from 'node:path';
import { createBackend } from '@muster/backends';
import type { LogRecord } from '@muster/log';
import type { Values } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { giveIntent, preciseNow } from '../intents.ts';
import { observe, readEvent } from '../observe.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { startSystem } from '../system.ts';

const REPLICAS = 5;
const SERVICE = { image: 'process', command: ['sleep', '600'], restart: { delay: 0 }, stopGracePeriod: '1s' };

/** What the log has told since the last death. */
interface Sightings {
  failedAt?: number;
  createdAt?: number;
  assignedAt?: number;
  runningAt?: number;
}

export async function reactToContainers(values: Values): Promise<void> {
  const system = await startSystem();
  await system.startControl();
  const dir = join(system.dir, 'node');
  const agent = await system.start('agent', '--backend', 'process', '--dir', dir, '--cluster', 'bench');
  /** Process ids, by task, of what runs. */
  const running = new Map<string, number>();
  let nodeId = '';
  let seen: Sightings = {};

  function note(record: LogRecord): void {
    if (record.subject.startsWith('muster.intent.')) return;
    const event = readEvent(record);
    if (event.type === 'node.joined') nodeId = event.nodeId;
    if (event.type === 'service.reconciled' && (event.created ?? []).length > 0)
      seen.createdAt ??= preciseNow();
    if (event.type === 'tasks.assigned') seen.assignedAt ??= preciseNow();
    if (event.type !== 'tasks.reported') return;
    for (const { id, state, runId } of event.statuses ?? []) {
      if (state === 'running') {
        running.set(id, Number(runId));
        seen.runningAt ??= preciseNow();
      } else if (state === 'failed') {
        running.delete(id);
        seen.failedAt ??= preciseNow();
      }
    }
  }

  const observer = await observe(system.url, note);
  // What the backend runs outlives its agent, which must not take it for failed.
  atEnd(async () => {
    await agent.kill();
    const backend = await createBackend('process', {
      clusterName: 'bench',
      nodeId,
      stateDir: join(dir, 'tasks'),
    });
    await Promise.all((await backend.list()).map(({ taskId }) => backend.remove(taskId)));
    await backend.close();
  });
  await giveIntent(observer.log, { name: 'sleepers', body: { ...SERVICE, replicas: REPLICAS } });
  await observer.until(`${REPLICAS} processes`, () => running.size === REPLICAS);

  const samples: Required<Sightings>[] = [];
  for (let kill = 1; kill <= values.number('kills'); kill += 1) {
    await observer.untilQuiet(500);
    const [victim] = running.values();
    seen = {};
    const killedAt = preciseNow();
    process.kill(victim!, 'SIGKILL');
    await observer.until('a replacement', () => seen.runningAt !== undefined);
    const since = Object.entries(seen).map(([name, at]) => [name, at - killedAt]);
    samples.push(Object.fromEntries(since));
  }
  const of = (field: keyof Sightings) => samples.map((sample) => sample[field]);
  say(`${samples.length} processes killed`);
  printResult({
    bench: 'react',
    what: 'container',
    n: samples.length,
    reportedMs: median(of('failedAt')),
    createdMs: median(of('createdAt')),
    assignedMs: median(of('assignedAt')),
    runningMs: median(of('runningAt')),
    worstAssignedMs: Math.max(...of('assignedAt')),
    worstRunningMs: Math.max(...of('runningAt')),
  });
  await observer.stop();
}
