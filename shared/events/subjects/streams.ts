// What is said to an agent past the log, on core NATS: heartbeats, the output of containers, commands run in them.
// It may be lost, and changes no state.
import { z } from 'zod';

export function logSubject(nodeId: string): string {
  return `muster.log.${nodeId}`;
}

export function execSubject(nodeId: string): string {
  return `muster.exec.${nodeId}`;
}

export const heartbeatSchema = z.object({
  session: z.string(),
  engine: z
    .literal('silent')
    .optional()
    .describe('The agent is well, and what runs its tasks does not answer: nothing new is to come.'),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/**
 * A reader opens a stream with `read` and a reply subject, its name from then on. The agent sends numbered parts
 * there, at most LOG_WINDOW_PARTS ahead of what the reader said it has received, and stops when the reader was
 * silent for LOG_SILENCE_MS. So a reader says `more` at least every LOG_MORE_EVERY_MS, and gets a part each time.
 */
export const logRequestSchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('read'),
    taskId: z.string(),
    follow: z.boolean(),
    /** Lines from the end; all when left out. */
    tail: z.int().nonnegative().optional(),
    /** Ms since the epoch. */
    since: z.number().optional(),
  }),
  /** `received`: the number of the last part. */
  z.object({ op: z.literal('more'), stream: z.string(), received: z.int().nonnegative() }),
  z.object({ op: z.literal('stop'), stream: z.string() }),
]);
export type LogRequest = z.infer<typeof logRequestSchema>;

export const logLineSchema = z.object({
  stream: z.enum(['stdout', 'stderr']),
  /** Without its end. */
  line: z.string(),
  /** It goes on in the next one of its stream. */
  open: z.literal(true).optional(),
  /** Ms since the epoch. */
  time: z.number(),
});
export type LogLine = z.infer<typeof logLineSchema>;

/** Parts are numbered from 1; a number missing means that lines were lost on the way. */
export const logPartSchema = z.discriminatedUnion('type', [
  /** No lines at all: the stream is there, and quiet. */
  z.object({ type: z.literal('lines'), part: z.int().positive(), lines: z.array(logLineSchema) }),
  z.object({ type: z.literal('end'), part: z.int().positive() }),
  z.object({ type: z.literal('error'), part: z.int().positive(), message: z.string() }),
]);
export type LogPart = z.infer<typeof logPartSchema>;

export const LOG_WINDOW_PARTS = 64;
export const LOG_MORE_EVERY_MS = 5_000;
export const LOG_SILENCE_MS = 20_000;

export const execRequestSchema = z.object({ taskId: z.string(), command: z.array(z.string()).min(1) });
export type ExecRequest = z.infer<typeof execRequestSchema>;

export const execAnswerSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    exitCode: z.int(),
    stdout: z.string(),
    stderr: z.string(),
    /** Its end was cut off: the output was larger than an answer may be. */
    truncated: z.boolean(),
  }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);
export type ExecAnswer = z.infer<typeof execAnswerSchema>;
