// Reads a task's output from its files. They hold what the program wrote and nothing else, so a line's time is
// the time its file was last written to when the line was read: exact in a follow, the latest possible otherwise.
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogChunk, LogOptions } from '../backend.ts';
import { countWhole, PIECE_BYTES } from '../long-lines.ts';
import { locateOutput } from './task-files.ts';

const READ_BYTES = 64 * 1024;
const FOLLOW_POLL_MS = 100;
const NEWLINE = 0x0a;

interface Output {
  readonly taskId: string;
  readonly directory: string;
  /** Whether nothing more can come. */
  readonly isOver: () => boolean;
}

export async function* readOutput(task: Output, options: LogOptions): AsyncGenerator<LogChunk> {
  const { signal } = options;
  const readers = (['stdout', 'stderr'] as const).map((stream) => new StreamReader(task, stream));
  let wasOver = task.isOver();
  yield* selectRecent(readHistory(readers, wasOver || !options.follow), options);
  while (options.follow && !wasOver && !signal?.aborted) {
    await delay(FOLLOW_POLL_MS, undefined, signal ? { signal } : {}).catch(() => {});
    if (signal?.aborted) return;
    // Asked before reading: what was written up to the end is then read.
    wasOver = task.isOver();
    for (const reader of readers) yield* reader.read(wasOver);
  }
}

/** The file that was written to last comes last: the order between two streams is not on record. */
async function* readHistory(readers: readonly StreamReader[], isLast: boolean): AsyncGenerator<LogChunk> {
  const times = await Promise.all(readers.map((reader) => reader.time()));
  const byTime = readers.map((reader, index) => ({ reader, time: times[index]! }));
  byTime.sort((a, b) => a.time - b.time);
  for (const { reader } of byTime) yield* reader.read(isLast);
}

async function* selectRecent(
  lines: AsyncIterable<LogChunk>,
  { since = 0, tail, signal }: LogOptions,
): AsyncGenerator<LogChunk> {
  const kept: LogChunk[] = [];
  for await (const line of lines) {
    if (signal?.aborted) return;
    if (line.time < since) continue;
    if (tail === undefined) {
      yield line;
      continue;
    }
    kept.push(line);
    // Cut in blocks, not at every line.
    if (kept.length > 2 * tail + 1024) kept.splice(0, kept.length - tail);
  }
  if (tail) yield* kept.slice(-tail);
}

/** Reads one file on from where it was. */
class StreamReader {
  readonly #task: Output;
  readonly #stream: LogChunk['stream'];
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(task: Output, stream: LogChunk['stream']) {
    this.#task = task;
    this.#stream = stream;
  }

  async time(): Promise<number> {
    return (await this.#withFile((file) => readTime(file))) ?? 0;
  }

  /** The lines up to the file's present end; with `isLast`, also one that has no end. */
  async *read(isLast: boolean): AsyncGenerator<LogChunk> {
    for (;;) {
      const piece = await this.#withFile(async (file) => {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, this.#offset);
        return { bytes: buffer.subarray(0, bytesRead), time: await readTime(file) };
      });
      if (piece === undefined) return;
      this.#offset += piece.bytes.length;
      this.#rest = Buffer.concat([this.#rest, piece.bytes]);
      const isEnd = piece.bytes.length < READ_BYTES;
      for (const line of this.#takeLines(isEnd && isLast)) {
        yield { taskId: this.#task.taskId, stream: this.#stream, time: piece.time, ...line };
      }
      if (isEnd) return;
    }
  }

  #takeLines(isLast: boolean): Pick<LogChunk, 'line' | 'open'>[] {
    const lines: Pick<LogChunk, 'line' | 'open'>[] = [];
    let start = 0;
    for (let end = this.#rest.indexOf(NEWLINE); end >= 0; end = this.#rest.indexOf(NEWLINE, start)) {
      lines.push({ line: this.#rest.toString('utf8', start, end) });
      start = end + 1;
    }
    const left = this.#rest.length - start;
    if (isLast && left > 0) {
      lines.push({ line: this.#rest.toString('utf8', start) });
      start = this.#rest.length;
    } else if (left >= PIECE_BYTES) {
      const whole = countWhole(this.#rest);
      lines.push({ line: this.#rest.toString('utf8', start, whole), open: true });
      start = whole;
    }
    this.#rest = Buffer.from(this.#rest.subarray(start));
    return lines;
  }

  /** Undefined when there is no such file: not started, or removed meanwhile. */
  async #withFile<T>(use: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    let file: FileHandle;
    try {
      file = await open(locateOutput(this.#task.directory, this.#stream));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }
}

async function readTime(file: FileHandle): Promise<number> {
  return Math.floor((await file.stat()).mtimeMs);
}
