// What simulated agents cost, and the commands to them: as many agents as wanted in one process, on a real nats-server.
// Commands are written straight into the store, so that no reducer is measured. From the first command to the last
// report of a running task.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureStreams, JetStreamCommandStore, JetStreamLog } from '@muster/log';
import { connectNats, startNatsServer } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { readCpuSeconds, readMemory } from '../processes.ts';
import { printResult, say } from '../report.ts';
import { startAgents } from './agent-process.ts';
import { makeCommands } from './make-commands.ts';
import { watchAgents } from './watch-agents.ts';
import { writeCommands } from './write-commands.ts';

export const agents: Bench = {
  summary: 'Simulated agents in one process: starting them, at rest, and from command to running.',
  flags: {
    nodes: { help: 'agents', default: '1000' },
    tasks: { help: 'tasks for each', default: '20' },
    together: { help: 'tasks given to a node at a time', default: '10' },
    services: { help: 'services that they are tasks of', default: '20' },
    'in-flight': { help: 'commands under way at a time', default: '512' },
    rest: { help: 'seconds to look at idle agents', default: '5' },
  },
  async run(values) {
    const nodes = values.number('nodes');
    const server = await startNatsServer();
    atEnd(() => server.stop());
    const connection = await connectNats(server.url, { name: 'bench' });
    atEnd(() => connection.close());
    await ensureStreams(connection);
    const watch = await watchAgents(new JetStreamLog(connection));
    atEnd(() => watch.stop());

    const serverBefore = readCpuSeconds(server.pid);
    const startedAt = performance.now();
    const host = await startAgents(server.url, nodes);
    const joined = await watch.joined(nodes);
    const ready = (performance.now() - startedAt) / 1000;
    await delay(1000); // what starting them left to do
    say(`${nodes} agents joined after ${ready.toFixed(1)} s`);
    printResult({
      bench: 'agents',
      phase: 'start',
      nodes,
      seconds: ready,
      agentCpuMs: (1000 * readCpuSeconds(host.pid)) / nodes,
      serverCpuMs: (1000 * (readCpuSeconds(server.pid) - serverBefore)) / nodes,
      agentsMb: readMemory(host.pid),
      serverMb: readMemory(server.pid),
    });

    const measure = () => ({
      at: performance.now(),
      agents: readCpuSeconds(host.pid),
      server: readCpuSeconds(server.pid),
      writer: process.cpuUsage(),
    });
    const idle = measure();
    await delay(1000 * values.number('rest')); // this is what is measured
    const rested = measure();
    printResult({
      bench: 'agents',
      phase: 'rest',
      nodes,
      agentsCpuPercent: (1e5 * (rested.agents - idle.agents)) / (rested.at - idle.at),
      serverCpuPercent: (1e5 * (rested.server - idle.server)) / (rested.at - idle.at),
      agentsMb: readMemory(host.pid),
    });

    const load = {
      nodeIds: joined,
      tasksPerNode: values.number('tasks'),
      together: values.number('together'),
      services: values.number('services'),
    };
    const tasks = nodes * load.tasksPerNode;
    const store = new JetStreamCommandStore(connection);
    const before = measure();
    await writeCommands(store, makeCommands(load), values.number('in-flight'));
    const writtenAt = performance.now();
    await watch.running(tasks);
    const after = measure();
    const perTask = (seconds: number) => (1e6 * seconds) / tasks;
    printResult({
      bench: 'agents',
      phase: 'run',
      nodes,
      tasks,
      writeSeconds: (writtenAt - before.at) / 1000,
      seconds: (after.at - before.at) / 1000,
      tasksPerSec: (1000 * tasks) / (after.at - before.at),
      agentsCpuUsPerTask: perTask(after.agents - before.agents),
      serverCpuUsPerTask: perTask(after.server - before.server),
      writerCpuUsPerTask:
        (after.writer.user + after.writer.system - before.writer.user - before.writer.system) / tasks,
      tasksPerReport: tasks / watch.reports,
      agentsMb: readMemory(host.pid),
      serverMb: readMemory(server.pid),
    });
    await host.stop();
  },
};
