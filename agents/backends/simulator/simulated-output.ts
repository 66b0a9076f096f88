// What a simulated task prints. No line is stored: the behaviour and the time of the start tell them all.
import type { Clock } from '@muster/runtime';
import type { LogChunk, LogOptions } from '../backend.ts';
import type { SimulatedTask } from './simulated-task.ts';

export async function* readOutput(
  task: SimulatedTask,
  clock: Clock,
  options: LogOptions,
): AsyncGenerator<LogChunk> {
  let printed = listPrinted(task, clock.now());
  const { since = 0, tail = printed.length, signal } = options;
  const recent = printed.filter((chunk) => chunk.time >= since);
  if (!signal?.aborted) yield* recent.slice(Math.max(0, recent.length - tail));
  while (options.follow && task.status !== 'exited' && !signal?.aborted) {
    await awaitOutput(task, clock, printed.length, signal);
    const seen = printed.length;
    printed = listPrinted(task, clock.now());
    if (!signal?.aborted) yield* printed.slice(seen);
  }
}

/** Resolves when the next line is due, at the task's start or end, or when the reader goes. */
async function awaitOutput(
  task: SimulatedTask,
  clock: Clock,
  count: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const due = timeNextPrint(task, count);
  task.readers ??= new Set();
  const { readers } = task;
  await new Promise<void>((resolve) => {
    const timer = due === undefined ? undefined : clock.schedule(Math.max(0, due - clock.now()), wake);
    function wake(): void {
      timer?.cancel();
      readers.delete(wake);
      signal?.removeEventListener('abort', wake);
      resolve();
    }
    readers.add(wake);
    signal?.addEventListener('abort', wake);
  });
}

/** The lines printed up to `now`. */
function listPrinted(task: SimulatedTask, now: number): LogChunk[] {
  const { prints = [], printEveryMs = 0 } = task.behaviour;
  const { startedAt } = task;
  if (startedAt === undefined) return [];
  const end = Math.min(now, task.finishedAt ?? now);
  const count = printEveryMs === 0 ? prints.length : Math.floor((end - startedAt) / printEveryMs) + 1;
  return prints.slice(0, count).map((text, index) => ({
    taskId: task.taskId,
    ...(text.startsWith('2>')
      ? { stream: 'stderr' as const, line: text.slice(2) }
      : { stream: 'stdout' as const, line: text }),
    time: startedAt + index * printEveryMs,
  }));
}

/** When the line after the first `count` is printed; undefined when there is none. */
function timeNextPrint(task: SimulatedTask, count: number): number | undefined {
  const { prints = [], printEveryMs = 0 } = task.behaviour;
  if (task.startedAt === undefined || count >= prints.length) return undefined;
  return task.startedAt + count * printEveryMs;
}
