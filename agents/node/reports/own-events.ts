// The one subject this node writes, as a chain: each event expects the one before it. So an event that may or may
// not have been stored is never stored twice, and a second agent with this node's identity is noticed.
import {
  composeEvent,
  decode,
  type EventDraft,
  eventSubject,
  type MusterEvent,
  type TaskStatus,
} from '@muster/events';
import { type Log, type LogRecord, LogUnavailableError, RecordTooLargeError } from '@muster/log';
import { type Clock, createSparingLogger, type Logger } from '@muster/runtime';
import { equalBytes } from '../commands/equal-bytes.ts';
import { backOff, describeError, pause, retry, StoppedError } from '../tasks/patience.ts';

/** Another agent joined with this node's identity after us: it holds the node now. */
export class DisplacedError extends Error {
  override readonly name = 'DisplacedError';
  constructor(nodeId: string, session: string) {
    super(
      `another agent (session ${session}) has joined as node ${nodeId}: two agents have the same identity. ` +
        'This one stops acting and leaves its containers as they are; give each node a directory of its own',
    );
  }
}

export interface OwnEventsOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nodeId: string;
  readonly session: string;
  /** The wire version in which events are written. */
  readonly wire: () => number;
  /** The log has lost events of ours. What it has of them is told: the last status of each task. */
  readonly onLost: (found: TaskStatus[]) => void;
  /** The log was full, and takes our events again. */
  readonly onRoom?: () => void;
}

export interface OwnEvents {
  /**
   * Reads what the subject holds beyond `knownSeq`, which an earlier run knew (0: nothing), or all of it when the log is
   * another one, and returns the last status reported of each task. To be called once, before anything is written.
   */
  recall(knownSeq: number): Promise<TaskStatus[]>;
  /**
   * Stores one event; events are stored in the order of the calls. Throws DisplacedError, RecordTooLargeError,
   * UnreadableEventError or StoppedError.
   */
  write(draft: EventDraft): Promise<void>;
  /** Looks whether another agent has joined as this node. Throws DisplacedError. */
  verify(): Promise<void>;
  /** Looks whether the log still has what we wrote last. */
  check(): Promise<void>;
  readonly lastSeq: number;
  /** The log does not answer, or does not take our events. */
  readonly isCutOff: boolean;
  /** The log has no room for our events. */
  readonly isFull: boolean;
  /** There is reason to believe that the log can be reached again. */
  hurry(): void;
}

/** An event on its way; whether it is stored may be learnt long after the append failed. */
interface Attempt {
  readonly data: Uint8Array;
  stored: boolean;
}

const RETRY = { firstMs: 500, mostMs: 10_000 };

export function createOwnEvents(options: OwnEventsOptions): OwnEvents {
  const { log, clock, logger, signal, nodeId, session, onLost } = options;
  const subject = eventSubject('agent', 'node', nodeId);
  const sparing = createSparingLogger(logger, clock);
  let lastSeq = 0;
  let joined = false;
  let isCutOff = false;
  let isFull = false;
  let waiting = new AbortController();
  /** The end of the queue. Never rejects. */
  let queue: Promise<unknown> = Promise.resolve();

  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = queue.then(action);
    queue = turn.catch(() => undefined);
    return turn;
  }

  async function recall(knownSeq: number): Promise<TaskStatus[]> {
    lastSeq = knownSeq;
    if (!(await isKept())) {
      logger.warn(
        { lastSeq },
        'the log has lost what this node wrote last: it is another one, or was restored',
      );
      lastSeq = 0;
    }
    return readStatuses();
  }

  /** Sequences may have been given anew, to whatever was written since. */
  async function isKept(): Promise<boolean> {
    return lastSeq === 0 || (await log.find(lastSeq))?.subject === subject;
  }

  async function readStatuses(): Promise<TaskStatus[]> {
    const last = new Map<string, TaskStatus>();
    let seq = lastSeq;
    for await (const record of log.read({ from: lastSeq + 1, subjects: [subject] })) {
      seq = record.seq;
      const event = readEvent(record);
      if (event?.type !== 'tasks.reported') continue;
      const reportedAt = Date.parse(event.at);
      for (const status of event.statuses) last.set(status.id, { at: reportedAt, ...status });
      for (const id of event.gone) last.delete(id);
    }
    lastSeq = seq;
    return [...last.values()];
  }

  async function write(draft: EventDraft): Promise<void> {
    const attempt: Attempt = {
      data: composeEvent(draft, clock.now(), { wire: options.wire() }).data,
      stored: false,
    };
    for (let failures = 1; ; failures += 1) {
      if (signal.aborted) throw new StoppedError();
      let trouble: string;
      try {
        if (!attempt.stored) await tryOnce(attempt);
        if (attempt.stored) {
          if (isCutOff) logger.info({ seq: lastSeq }, 'the log takes our events again');
          isCutOff = false;
          joined = true;
          if (isFull) {
            isFull = false;
            options.onRoom?.();
          }
          return;
        }
        trouble = 'somebody else wrote on the subject of this node';
      } catch (error) {
        if (error instanceof RecordTooLargeError || error instanceof DisplacedError) throw error;
        if (signal.aborted) throw new StoppedError();
        trouble = describeError(error);
        if (!isCutOff) logger.warn({ err: trouble }, 'the log does not take our events: they wait');
        isCutOff = true;
        isFull ||= error instanceof LogUnavailableError && error.isFull;
      }
      logger.debug({ err: trouble, failures }, 'an event is written again');
      waiting = new AbortController();
      await pause(clock, backOff(RETRY, failures), AbortSignal.any([signal, waiting.signal]));
    }
  }

  async function tryOnce(attempt: Attempt): Promise<void> {
    const result = await log.append(subject, attempt.data, { expectLastSubjectSeq: lastSeq });
    if (result.ok) {
      lastSeq = result.seq;
      attempt.stored = true;
      return;
    }
    if ((await readOn(attempt)) > 0) return;
    if (!(await isKept())) await noteLost();
  }

  async function noteLost(): Promise<void> {
    const before = lastSeq;
    lastSeq = 0;
    const found = await readStatuses();
    logger.warn({ found: lastSeq, lastSeq: before }, 'the log lost its end, or is another one');
    onLost(found);
  }

  /** Reads what came before us on the subject, which may be our own event, and returns how many events it was. */
  async function readOn(attempt?: Attempt): Promise<number> {
    let count = 0;
    for await (const record of log.read({ from: lastSeq + 1, subjects: [subject] })) {
      lastSeq = record.seq;
      count += 1;
      if (attempt && !attempt.stored && equalBytes(record.data, attempt.data)) {
        attempt.stored = true;
        joined = true;
        continue;
      }
      const event = readEvent(record);
      if (event === undefined || !('session' in event) || event.session === session) continue;
      if (event.type === 'node.joined' && joined) throw new DisplacedError(nodeId, event.session);
      sparing.warn(
        { seq: record.seq, session: event.session },
        'an earlier agent of this node wrote after its end',
      );
    }
    return count;
  }

  return {
    recall: (knownSeq) =>
      inTurn(() =>
        retry(() => recall(knownSeq), {
          ...RETRY,
          clock,
          signal,
          onFailure: (error, failures) =>
            logger.warn({ err: describeError(error), failures }, 'the log can not be read'),
        }),
      ),
    write: (draft) => inTurn(() => write(draft)),
    verify: () =>
      inTurn(async () => {
        await readOn();
      }),
    check: () =>
      inTurn(async () => {
        if (!(await isKept())) await noteLost();
      }),
    get lastSeq() {
      return lastSeq;
    },
    get isCutOff() {
      return isCutOff;
    },
    get isFull() {
      return isFull;
    },
    hurry: () => waiting.abort(),
  };
}

function readEvent(record: LogRecord): MusterEvent | undefined {
  const fact = decode(record);
  return fact.is === 'event' ? fact.event : undefined;
}
