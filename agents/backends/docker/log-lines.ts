// Lines of a container's output, from the stream the engine sends with timestamps on. Pure, but for reading its
// source.
import type { LogChunk } from '../backend.ts';
import { readFrames } from './frames.ts';

/** A longer line is delivered in pieces, so that a program that never ends its line fills no memory. */
const LINE_LIMIT_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const SPACE = 0x20;

interface OpenLine {
  time: number;
  parts: Buffer[];
  size: number;
}

export interface LogSource {
  readonly taskId: string;
  /** A terminal's output comes as it is, without frames, all of it stdout. */
  readonly tty: boolean;
}

export function readLogLines(
  source: AsyncIterable<Buffer>,
  { taskId, tty }: LogSource,
): AsyncGenerator<LogChunk> {
  return tty ? readTerminalLines(source, taskId) : readFramedLines(source, taskId);
}

/**
 * A frame is a timestamp, a space and a line, or a part of a long one: the engine cuts those at 16 KiB, and
 * only the last part ends with a newline.
 */
async function* readFramedLines(source: AsyncIterable<Buffer>, taskId: string): AsyncGenerator<LogChunk> {
  const open = { stdout: startLine(), stderr: startLine() };
  for await (const { stream, payload } of readFrames(source)) {
    const line = open[stream];
    const { time, text } = splitTimestamp(payload);
    const isWhole = text.at(-1) === NEWLINE;
    if (line.size === 0) line.time = time;
    line.parts.push(isWhole ? text.subarray(0, -1) : text);
    line.size += text.length;
    if (!isWhole && line.size < LINE_LIMIT_BYTES) continue;
    yield { taskId, stream, line: closeLine(line), time: line.time };
    open[stream] = startLine();
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const line = open[stream];
    if (line.size > 0) yield { taskId, stream, line: closeLine(line), time: line.time };
  }
}

async function* readTerminalLines(source: AsyncIterable<Buffer>, taskId: string): AsyncGenerator<LogChunk> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = findEnd(rest); end >= 0; end = findEnd(rest)) {
      yield readTerminalLine(rest.subarray(0, end), taskId);
      rest = rest.subarray(rest[end] === NEWLINE ? end + 1 : end);
    }
  }
  if (rest.length > 0) yield readTerminalLine(rest, taskId);
}

function findEnd(buffer: Buffer): number {
  const end = buffer.indexOf(NEWLINE);
  return end < 0 && buffer.length > LINE_LIMIT_BYTES ? LINE_LIMIT_BYTES : end;
}

function readTerminalLine(bytes: Buffer, taskId: string): LogChunk {
  const { time, text } = splitTimestamp(bytes);
  return { taskId, stream: 'stdout', line: text.toString().replace(/\r$/, ''), time };
}

function splitTimestamp(bytes: Buffer): { time: number; text: Buffer } {
  const space = bytes.indexOf(SPACE);
  const time = space < 0 ? Number.NaN : Date.parse(bytes.toString('latin1', 0, space));
  return Number.isNaN(time) ? { time: 0, text: bytes } : { time, text: bytes.subarray(space + 1) };
}

function startLine(): OpenLine {
  return { time: 0, parts: [], size: 0 };
}

function closeLine(line: OpenLine): string {
  return Buffer.concat(line.parts).toString();
}
