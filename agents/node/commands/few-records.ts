// Reads the few records of a subject whenever there may be more of them: when one is heard of, when the connection is back,
// and when asked to. A message is heard of before it is stored, as a server passes it on at once, and some are never stored:
// what was heard and is not found is looked for again, a few times.
import type { Log, LogRecord } from '@muster/log';
import type { Bus, Clock } from '@muster/runtime';
import { pause, retry, StoppedError } from '../tasks/patience.ts';
import { equalBytes } from './equal-bytes.ts';

export interface FewRecordsOptions {
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly subject: string;
  /** The first sequence that is of interest. */
  readonly from: number;
  /** All of them, in order. */
  readonly onRead: (records: readonly LogRecord[]) => void;
  readonly onFailure: (error: unknown, failures: number) => void;
}

export interface FewRecords {
  /** Resolves when they have been read once more. Throws only StoppedError. */
  look(): Promise<void>;
}

const RETRY = { firstMs: 500, mostMs: 10_000 };
/** How long it may take until what was heard is stored, from a moment to an election among the servers. */
const AGAIN_AFTER_MS = [100, 1_000, 10_000];

export function followFewRecords(options: FewRecordsOptions): FewRecords {
  const { log, bus, clock, signal, subject, from, onRead, onFailure } = options;
  let last: Promise<readonly LogRecord[]> = Promise.resolve([]);
  let isFirst = true;

  async function read(): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for await (const record of log.read({ from, subjects: [subject] })) records.push(record);
    return records;
  }

  async function readPatiently(): Promise<readonly LogRecord[]> {
    const records = await retry(read, { ...RETRY, clock, signal, onFailure });
    if (signal.aborted) throw new StoppedError();
    onRead(records);
    return records;
  }

  function look(): Promise<readonly LogRecord[]> {
    last = last.then(readPatiently);
    // Whoever asks is told.
    last.catch(() => undefined);
    return last;
  }

  async function lookFor(heard: Uint8Array): Promise<void> {
    for (const delayMs of AGAIN_AFTER_MS) {
      if ((await look()).some(({ data }) => equalBytes(data, heard))) return;
      await pause(clock, delayMs, signal);
    }
    await look();
  }

  const unlessStopped = (error: unknown) => {
    if (!(error instanceof StoppedError)) throw error;
  };
  const listening = bus.subscribe(subject, ({ data }) => {
    lookFor(data).catch(unlessStopped);
  });
  signal.addEventListener('abort', () => listening.stop());
  bus.onConnection((isConnected) => {
    // Said at once of a connection that is up.
    if (isConnected && !isFirst && !signal.aborted) look().catch(unlessStopped);
    isFirst = false;
  });

  return {
    async look() {
      await look();
    },
  };
}
