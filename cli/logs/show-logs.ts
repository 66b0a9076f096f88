// The output of tasks, from the nodes that have it. A node that does not answer is named, and the others go on. While
// following, tasks that come later are joined in.
import { setMaxListeners } from 'node:events';
import { readLogs } from '@muster/agent';
import type { TaskView } from '@muster/api';
import { systemClock } from '@muster/runtime';
import type { Context } from '../commands/context.ts';
import { CliError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { formatLine, namePrefix, type PrefixOptions, padPrefixes } from './prefix.ts';

export interface ShowLogsOptions extends PrefixOptions {
  readonly follow: boolean;
  readonly tail: number | undefined;
  /** Ms since the epoch. */
  readonly since: number | undefined;
  readonly timestamps: boolean;
}

/** Tasks before this have never run anywhere. */
const withoutOutput = new Set(['new', 'pending', 'assigned', 'accepted', 'preparing', 'ready', 'rejected']);

export async function showLogs(context: Context, target: string, options: ShowLogsOptions): Promise<void> {
  const { log } = context;
  const stop = new AbortController();
  // One for each task.
  setMaxListeners(0, stop.signal);
  const readers = new Map<string, Promise<void>>();
  const failures: string[] = [];
  let wake: () => void = () => undefined;
  let news = false;
  let lost: Error | undefined;

  const list = await findTasks(context, target);
  const width = Math.max(0, ...(await list()).map((task) => namePrefix(task, options).length));

  async function join(tail: number | undefined): Promise<void> {
    for (const task of await list()) {
      if (readers.has(task.id) || task.nodeId === undefined || withoutOutput.has(task.state)) continue;
      readers.set(
        task.id,
        readOne(context, task, { ...options, tail }, width, stop.signal).catch((error: Error) => {
          const failure = plainText(`${namePrefix(task, { ...options, raw: false })}: ${error.message}`);
          failures.push(failure);
          if (options.follow) context.terminal.note(`Error: ${failure}\n`);
        }),
      );
    }
  }

  if (!options.follow) {
    await join(options.tail);
    await Promise.all(readers.values());
    if (failures.length > 0) throw new CliError(failures.join('\nError: '));
    return;
  }

  const onSignal = () => {
    stop.abort();
    wake();
  };
  process.once('SIGINT', onSignal);
  const following = await log.follow({
    from: (await log.head()) + 1,
    subjects: ['muster.event.agent.node.*'],
    onRecord() {
      news = true;
      wake();
    },
    onError(error) {
      lost = error;
      wake();
    },
  });
  try {
    await join(options.tail);
    while (!stop.signal.aborted) {
      if (!news && !lost) await new Promise<void>((resolve) => (wake = resolve));
      if (lost) throw lost;
      news = false;
      // Whatever these write is new: all of it.
      if (!stop.signal.aborted) await join(undefined);
    }
  } finally {
    process.off('SIGINT', onSignal);
    stop.abort();
    await following.stop();
    await Promise.all(readers.values());
  }
}

/** The tasks that a name stands for, now and whenever asked again. */
async function findTasks(
  { queries, team }: Context,
  target: string,
): Promise<() => Promise<readonly TaskView[]>> {
  const ofService = () => queries.list('service.tasks', { service: target, team });
  try {
    await ofService();
    return ofService;
  } catch (error) {
    if (!(error instanceof Error && 'kind' in error && error.kind === 'not-found')) throw error;
  }
  try {
    const { answer } = await queries.ask('task.inspect', { task: target, team });
    return async () => [answer];
  } catch (error) {
    if (!(error instanceof Error && 'kind' in error && error.kind === 'not-found')) throw error;
    throw new CliError(`no such task or service: ${target}`);
  }
}

async function readOne(
  { bus, terminal }: Context,
  task: TaskView,
  { follow, tail, since, timestamps, ...prefix }: ShowLogsOptions,
  width: number,
  signal: AbortSignal,
): Promise<void> {
  const [padded = ''] = padPrefixes([namePrefix(task, prefix).padEnd(prefix.raw ? 0 : width)]);
  const lines = readLogs({
    bus,
    clock: systemClock,
    nodeId: task.nodeId!,
    taskId: task.id,
    follow,
    signal,
    ...(tail !== undefined && { tail }),
    ...(since !== undefined && { since }),
  });
  for await (const { stream, line, time } of lines) {
    const print = stream === 'stderr' ? terminal.note : terminal.write;
    print(formatLine(padded, line, time, timestamps));
  }
}
