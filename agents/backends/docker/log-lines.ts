// Lines of a container's output, from the stream the engine sends with timestamps on. Pure, but for reading its
// source.
import type { LogChunk } from '../backend.ts';
import { countWhole, PIECE_BYTES } from '../long-lines.ts';
import { readFrames } from './frames.ts';

/** How much of a line the engine writes at once. */
const PART_BYTES = 16 * 1024;
/** With nanoseconds, an offset and the space behind it. */
const LONGEST_TIMESTAMP = 36;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
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
    const { time, text } = splitTimestamp(payload);
    const isEnd = text.at(-1) === NEWLINE;
    addPart(open[stream], { time, text: isEnd ? text.subarray(0, -1) : text });
    if (isEnd) yield closeLine(open[stream], taskId, stream);
    else if (open[stream].size >= PIECE_BYTES) yield takePiece(open[stream], taskId, stream);
  }
  for (const stream of ['stdout', 'stderr'] as const)
    if (open[stream].size > 0) yield closeLine(open[stream], taskId, stream);
}

/** Without frames, a part of a long line begins where the one before it is full; what looks like it elsewhere is data. */
async function* readTerminalLines(source: AsyncIterable<Buffer>, taskId: string): AsyncGenerator<LogChunk> {
  const line = startLine();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let part = takePart(rest); part !== undefined; part = takePart(rest)) {
      rest = part.rest;
      addPart(line, part);
      if (part.isEnd) yield withoutReturn(closeLine(line, taskId, 'stdout'));
      else if (line.size >= PIECE_BYTES) yield takePiece(line, taskId, 'stdout');
    }
  }
  if (rest.length > 0) addPart(line, splitTimestamp(rest));
  if (line.size > 0) yield withoutReturn(closeLine(line, taskId, 'stdout'));
}

function withoutReturn(chunk: LogChunk): LogChunk {
  return { ...chunk, line: chunk.line.replace(/\r$/, '') };
}

interface Part {
  readonly time: number;
  readonly text: Buffer;
}

/** The first of what the engine wrote; undefined while it is not there as a whole. */
function takePart(bytes: Buffer): (Part & { readonly isEnd: boolean; readonly rest: Buffer }) | undefined {
  const end = bytes.indexOf(NEWLINE);
  // Its timestamp may not be there yet.
  if (end < 0 && bytes.length < LONGEST_TIMESTAMP) return undefined;
  const { time, text } = splitTimestamp(bytes);
  const start = bytes.length - text.length;
  const full = start + PART_BYTES;
  if (end >= 0 && end <= full)
    return { time, text: bytes.subarray(start, end), isEnd: true, rest: bytes.subarray(end + 1) };
  if (bytes.length < full) return undefined;
  return { time, text: bytes.subarray(start, full), isEnd: false, rest: bytes.subarray(full) };
}

function addPart(line: OpenLine, { time, text }: Part): void {
  if (line.size === 0) line.time = time;
  line.parts.push(text);
  line.size += text.length;
}

function splitTimestamp(bytes: Buffer): { time: number; text: Buffer } {
  const space = bytes.indexOf(SPACE);
  const word = space < 0 || space >= LONGEST_TIMESTAMP ? '' : bytes.toString('latin1', 0, space);
  const time = TIMESTAMP.test(word) ? Date.parse(word) : Number.NaN;
  return Number.isNaN(time) ? { time: 0, text: bytes } : { time, text: bytes.subarray(space + 1) };
}

function startLine(): OpenLine {
  return { time: 0, parts: [], size: 0 };
}

function closeLine(line: OpenLine, taskId: string, stream: LogChunk['stream']): LogChunk {
  const { time, parts } = line;
  Object.assign(line, startLine());
  return { taskId, stream, line: Buffer.concat(parts).toString(), time };
}

function takePiece(line: OpenLine, taskId: string, stream: LogChunk['stream']): LogChunk {
  const bytes = Buffer.concat(line.parts);
  const whole = countWhole(bytes);
  const rest = bytes.subarray(whole);
  line.parts = [rest];
  line.size = rest.length;
  return { taskId, stream, line: bytes.toString('utf8', 0, whole), time: line.time, open: true };
}
