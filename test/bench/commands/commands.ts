// What the dispatcher's command writer does with many tasks, on a real nats-server: writing all their commands, and
// starting again when they are all there. Nobody reads the commands but the writer itself.
import { setTimeout as delay } from 'node:timers/promises';
import { type CommandWriter, startCommandWriter } from '@muster/dispatcher';
import { ensureStreams, JetStreamCommandStore } from '@muster/log';
import { connectNats, silentLogger, startNatsServer, systemClock } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { readCpuSeconds } from '../processes.ts';
import { printResult, say } from '../report.ts';
import { foldAssignments } from './fold-assignments.ts';
import { measureTurns } from './measure-turns.ts';

export const commands: Bench = {
  summary: 'The command writer: all commands of so many tasks, and starting again when they are stored.',
  flags: {
    tasks: { help: 'tasks', default: '100000' },
    nodes: { help: 'nodes that they are given to', default: '1000' },
    services: { help: 'services that they are tasks of', default: '20' },
    'in-flight': { help: 'commands under way at a time', default: '512' },
  },
  async run(values) {
    const tasks = values.number('tasks');
    const server = await startNatsServer();
    atEnd(() => server.stop());
    const connection = await connectNats(server.url, { name: 'bench' });
    atEnd(() => connection.close());
    await ensureStreams(connection);
    const state = foldAssignments(tasks, values.number('nodes'), values.number('services'));
    say(`${tasks} tasks are assigned`);

    for (const phase of ['write', 'restart'] as const) {
      globalThis.gc?.();
      const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
      const turns = measureTurns();
      const before = { at: performance.now(), own: process.cpuUsage(), server: readCpuSeconds(server.pid) };
      const writer = await startCommandWriter({
        follower: { state, isCertain: true, onTurn: () => () => undefined },
        store: new JetStreamCommandStore(connection),
        clock: systemClock,
        logger: silentLogger,
        maxInFlight: values.number('in-flight'),
      });
      await untilIdle(writer);
      const { user, system } = process.cpuUsage(before.own);
      const seconds = (performance.now() - before.at) / 1000;
      const serverSeconds = readCpuSeconds(server.pid) - before.server;
      const longestTurnMs = turns.stop();
      globalThis.gc?.();
      const heap = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
      printResult({
        bench: 'commands',
        phase,
        tasks,
        seconds,
        tasksPerSec: tasks / seconds,
        written: writer.stats.written,
        conflicts: writer.stats.conflicts,
        writerCpuUsPerTask: (user + system) / tasks,
        serverCpuUsPerTask: (1e6 * serverSeconds) / tasks,
        longestTurnMs,
        bytesPerTask: globalThis.gc ? (heap - heapBefore) / tasks : undefined,
      });
      await writer.stop();
    }
  },
};

async function untilIdle(writer: CommandWriter): Promise<void> {
  while (!writer.isIdle()) await delay(5); // it tells nobody
}
