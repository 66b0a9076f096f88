// The other end of an agent's streams: for the CLI, and for the tests of both ends.
import {
  type ExecAnswer,
  encodeJson,
  execAnswerSchema,
  execSubject,
  LOG_MORE_EVERY_MS,
  LOG_SILENCE_MS,
  LOG_WINDOW_PARTS,
  type LogLine,
  type LogPart,
  type LogRequest,
  logPartSchema,
  logSubject,
  type NetworkAnswer,
  type NetworkRequest,
  networkAnswerSchema,
  networkSubject,
} from '@muster/events';
import type { Bus, Clock, Timer } from '@muster/runtime';

export interface ReadLogsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly taskId: string;
  readonly follow: boolean;
  readonly tail?: number;
  readonly since?: number;
  /** Ends the lines, without an error. */
  readonly signal?: AbortSignal;
}

/** How often a reader says what it has received, in parts. */
const MORE_EVERY_PARTS = LOG_WINDOW_PARTS / 4;

/** A line that is longer is handed on in pieces. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** The output of one task, from the node it is on. Throws when the node is silent, or lines were lost on the way. */
export async function* readLogs(options: ReadLogsOptions): AsyncGenerator<LogLine> {
  const begun: Partial<Record<LogLine['stream'], LogLine>> = {};
  for await (const { open, ...piece } of readPieces(options)) {
    const before = begun[piece.stream];
    const line = before ? { ...before, line: before.line + piece.line } : piece;
    delete begun[piece.stream];
    if (open && line.line.length < LONGEST_LINE) begun[piece.stream] = line;
    else yield line;
  }
  yield* Object.values(begun);
}

async function* readPieces(options: ReadLogsOptions): AsyncGenerator<LogLine> {
  const { bus, clock, nodeId, taskId, follow, tail, since, signal } = options;
  const stream = bus.inbox();
  const parts: LogPart[] = [];
  let received = 0;
  let wake: (() => void) | undefined;
  const abort = () => wake?.();
  let isSilent = false;
  let silence: Timer | undefined;
  let asking: Timer | undefined;

  function request(body: LogRequest): void {
    bus.publish(logSubject(nodeId), encodeJson(body), body.op === 'read' ? { reply: stream } : {});
  }

  function listen(delayMs: number): void {
    silence?.cancel();
    silence = clock.schedule(delayMs, () => {
      isSilent = true;
      wake?.();
    });
  }

  function ask(): void {
    asking?.cancel();
    asking = clock.schedule(LOG_MORE_EVERY_MS, ask);
    request({ op: 'more', stream, received });
  }

  const subscription = bus.subscribe(stream, ({ data }) => {
    parts.push(logPartSchema.parse(JSON.parse(new TextDecoder().decode(data))));
    listen(LOG_SILENCE_MS);
    wake?.();
  });
  try {
    request({
      op: 'read',
      taskId,
      follow,
      ...(tail === undefined ? {} : { tail }),
      ...(since === undefined ? {} : { since }),
    });
    listen(LOG_MORE_EVERY_MS);
    asking = clock.schedule(LOG_MORE_EVERY_MS, ask);
    signal?.addEventListener('abort', abort);
    while (!signal?.aborted) {
      const part = parts.shift();
      if (part === undefined) {
        if (isSilent) throw new Error(`node ${nodeId} does not answer`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (part.part !== received + 1)
        throw new Error(`output of task ${taskId} was lost on the way: try again`);
      received = part.part;
      if (part.type === 'error') throw new Error(part.message);
      if (part.type === 'end') return;
      yield* part.lines;
      if (received % MORE_EVERY_PARTS === 0) ask();
    }
  } finally {
    silence?.cancel();
    asking?.cancel();
    signal?.removeEventListener('abort', abort);
    subscription.stop();
    request({ op: 'stop', stream });
  }
}

export interface RunCommandOptions {
  readonly bus: Bus;
  readonly nodeId: string;
  readonly taskId: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** Runs a command in a task's container. Throws when the node does not answer. */
export async function runInTask(options: RunCommandOptions): Promise<ExecAnswer> {
  const { bus, nodeId, taskId, command, timeoutMs } = options;
  const answer = await bus.request(execSubject(nodeId), encodeJson({ taskId, command }), { timeoutMs });
  return execAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer.data)));
}

export interface LookAtNetworksOptions {
  readonly bus: Bus;
  readonly nodeId: string;
  readonly request: NetworkRequest;
  readonly timeoutMs: number;
}

/** What a node has of its networks. Throws when it does not answer. */
export async function lookAtNetworks(options: LookAtNetworksOptions): Promise<NetworkAnswer> {
  const { bus, nodeId, request, timeoutMs } = options;
  const answer = await bus.request(networkSubject(nodeId), encodeJson(request), { timeoutMs });
  return networkAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer.data)));
}
