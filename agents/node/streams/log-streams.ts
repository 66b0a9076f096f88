// Streams the output of containers to whoever asks on `muster.log.<nodeId>`, in parts, no faster than the reader
// takes them and no longer than it is there. The protocol is in @muster/events, streams.ts.
import type { Backend, LogChunk } from '@muster/backends';
import {
  encodeJson,
  LOG_SILENCE_MS,
  LOG_WINDOW_PARTS,
  type LogLine,
  type LogPart,
  type LogRequest,
  logRequestSchema,
  logSubject,
} from '@muster/events';
import type { Bus, BusMessage, Clock, Logger, Timer } from '@muster/runtime';
import { describeError } from '../tasks/patience.ts';
import { MOST_LOG_STREAMS, PART_CHARS, PART_DELAY_MS, PART_LINES } from './stream-limits.ts';

export interface LogStreamsOptions {
  readonly backend: Backend;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
}

export interface LogStreams {
  /** Streams open now. */
  readonly open: number;
  stop(): void;
}

type ReadRequest = Extract<LogRequest, { op: 'read' }>;
type Unnumbered<Part> = Part extends LogPart ? Omit<Part, 'part'> : never;

interface Stream {
  /** The reader has this part, and listens. */
  received(part: number): void;
  end(): void;
}

export function serveLogStreams(options: LogStreamsOptions): LogStreams {
  const { bus, logger, nodeId } = options;
  const streams = new Map<string, Stream>();

  function onMessage(message: BusMessage): void {
    const request = readRequest(message.data);
    if (request === undefined) {
      logger.warn({ bytes: message.data.length }, 'a request for output could not be understood');
    } else if (request.op === 'read') {
      if (message.reply !== undefined && !streams.has(message.reply)) open(message.reply, request);
    } else if (request.op === 'more') {
      streams.get(request.stream)?.received(request.received);
    } else {
      streams.get(request.stream)?.end();
    }
  }

  function open(name: string, request: ReadRequest): void {
    if (streams.size >= MOST_LOG_STREAMS) {
      const message = `node ${nodeId} streams the output of ${MOST_LOG_STREAMS} readers already: try again later`;
      bus.publish(name, encodeJson({ type: 'error', part: 1, message } satisfies LogPart));
      return;
    }
    const stream = startStream({ ...options, name, request, onEnd: () => streams.delete(name) });
    streams.set(name, stream);
  }

  const subscription = bus.subscribe(logSubject(nodeId), onMessage);
  return {
    get open() {
      return streams.size;
    },
    stop() {
      subscription.stop();
      for (const stream of streams.values()) stream.end();
    },
  };
}

interface StreamOptions extends LogStreamsOptions {
  readonly name: string;
  readonly request: ReadRequest;
  readonly onEnd: () => void;
}

function startStream({ backend, bus, clock, logger, name, request, onEnd }: StreamOptions): Stream {
  const over = new AbortController();
  let lines: LogLine[] = [];
  let size = 0;
  let sent = 0;
  let received = 0;
  let isQuiet = false;
  let flushing: Timer | undefined;
  let silence = clock.schedule(LOG_SILENCE_MS, end);
  let makeRoom: (() => void) | undefined;

  function send(part: Unnumbered<LogPart>): void {
    sent += 1;
    isQuiet = false;
    bus.publish(name, encodeJson({ ...part, part: sent }));
  }

  function flush(): void {
    flushing?.cancel();
    flushing = undefined;
    if (lines.length > 0) send({ type: 'lines', lines });
    lines = [];
    size = 0;
  }

  function add({ stream, line, time, open }: LogChunk): void {
    for (let from = 0; from === 0 || from < line.length; from += PART_CHARS) {
      const piece = line.slice(from, from + PART_CHARS);
      if (size + piece.length > PART_CHARS) flush();
      const goesOn = open || from + PART_CHARS < line.length;
      lines.push({ stream, line: piece, time, ...(goesOn && { open: true }) });
      size += piece.length;
    }
    if (lines.length >= PART_LINES) flush();
    else flushing ??= clock.schedule(PART_DELAY_MS, flush);
  }

  async function run(): Promise<void> {
    const { taskId, follow, tail, since } = request;
    try {
      const chunks = backend.logs(taskId, {
        follow,
        signal: over.signal,
        ...(tail === undefined ? {} : { tail }),
        ...(since === undefined ? {} : { since }),
      });
      for await (const chunk of chunks) {
        while (sent - received >= LOG_WINDOW_PARTS && !over.signal.aborted) {
          await new Promise<void>((resolve) => {
            makeRoom = resolve;
          });
        }
        if (over.signal.aborted) break;
        add(chunk);
      }
      if (over.signal.aborted) return;
      flush();
      send({ type: 'end' });
    } catch (error) {
      if (over.signal.aborted) return;
      flush();
      send({ type: 'error', message: describeError(error) });
    } finally {
      end();
    }
  }

  function end(): void {
    if (over.signal.aborted) return;
    over.abort();
    silence.cancel();
    flushing?.cancel();
    makeRoom?.();
    onEnd();
  }

  // The reader learns at once that it is heard.
  send({ type: 'lines', lines: [] });
  run().catch((error) => logger.warn({ err: describeError(error) }, 'could not send output'));
  return {
    received(part) {
      silence.cancel();
      silence = clock.schedule(LOG_SILENCE_MS, end);
      received = Math.min(sent, Math.max(received, part));
      makeRoom?.();
      // Nothing since the last time: the reader asks whether anybody is still there.
      if (isQuiet && lines.length === 0) send({ type: 'lines', lines: [] });
      isQuiet = true;
    },
    end,
  };
}

function readRequest(data: Uint8Array): LogRequest | undefined {
  try {
    return logRequestSchema.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return undefined;
  }
}
