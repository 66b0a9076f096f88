// Follows the log beside those who are measured. What is done with each record must cost next to nothing: there are no
// processors to spare for whoever only looks.
import type { MusterEvent } from '@muster/events';
import { JetStreamLog, type LogRecord } from '@muster/log';
import { connectNats } from '@muster/runtime';
import { atEnd } from './cleanup.ts';

export interface Observer {
  readonly log: JetStreamLog;
  /** The last sequence seen, and the log's time of it: ms since the epoch. */
  readonly head: number;
  readonly headTime: number;
  /** Resolves when `look`, which is asked now and after every record, finds it so. */
  until(what: string, look: () => boolean, timeoutMs?: number): Promise<void>;
  /** Resolves when the log has said nothing for so long. */
  untilQuiet(ms: number): Promise<void>;
  stop(): Promise<void>;
}

const LIMIT_MS = 300_000;

export async function observe(
  url: string,
  onRecord: (record: LogRecord) => void = () => undefined,
  options: { readonly subjects?: readonly string[] } = {},
): Promise<Observer> {
  const connection = await connectNats(url, { name: 'bench-observer' });
  const log = new JetStreamLog(connection);
  const looks = new Set<() => void>();
  let head = 0;
  let headTime = 0;
  let seenAt = performance.now();
  let broken: Error | undefined;
  const following = await log.follow({
    from: 1,
    ...(options.subjects && { subjects: options.subjects }),
    onRecord(record) {
      head = record.seq;
      headTime = record.time;
      seenAt = performance.now();
      onRecord(record);
      for (const look of looks) look();
    },
    onError(error) {
      broken = error;
      for (const look of looks) look();
    },
  });

  function until(what: string, look: () => boolean, timeoutMs = LIMIT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        looks.delete(tryOnce);
        end();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const tryOnce = () => {
        if (broken) fail(broken);
        else if (look()) settle(resolve);
      };
      const timer = setTimeout(
        () => fail(new Error(`not seen in ${timeoutMs / 1000} s: ${what}`)),
        timeoutMs,
      );
      looks.add(tryOnce);
      tryOnce();
    });
  }

  async function untilQuiet(ms: number): Promise<void> {
    for (;;) {
      const left = seenAt + ms - performance.now();
      if (left <= 0) return;
      await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await following.stop();
      await log.close();
      await connection.close();
    })();
    return stopping;
  };
  atEnd(stop);
  return {
    log,
    get head() {
      return head;
    },
    get headTime() {
      return headTime;
    },
    until,
    untilQuiet,
    stop,
  };
}

/** What the reducers and agents wrote is believed without a check: they are the ones that are measured. */
export function readEvent({ data }: LogRecord): MusterEvent {
  return JSON.parse(textOf(data)) as MusterEvent;
}

/** Whether the text stands in a record, which is cheaper than to read it. */
export function mentions({ data }: LogRecord, text: string): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.length).includes(text);
}

const RUNNING = '"state":"running"';

/** The tasks that an agent says are running, if it is a report that says so. */
export function listRunning(record: LogRecord): readonly string[] {
  if (!record.subject.startsWith('muster.event.agent.') || !mentions(record, RUNNING)) return [];
  const event = readEvent(record);
  if (event.type !== 'tasks.reported') return [];
  return event.statuses.filter(({ state }) => state === 'running').map(({ id }) => id);
}

function textOf(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8');
}
