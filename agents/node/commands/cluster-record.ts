// Whose log it is, and in which version events are written there: the few records about the cluster itself, read at the
// start, and again whenever one is written or the connection is back. An agent folds nothing else; and to know of less
// than there is does no harm, as old forms are read for ever.
import { CLUSTER_SUBJECT, decode } from '@muster/events';
import type { Log } from '@muster/log';
import type { Bus, Clock, Logger } from '@muster/runtime';
import { describeError, retry } from '../tasks/patience.ts';

export interface ClusterKnown {
  /** Undefined when the log does not say. */
  readonly id: string | undefined;
  /** The wire version that may be written. */
  readonly wire: number;
}

export interface ClusterRecord {
  /** What was read last. Waits for the first reading. Throws only StoppedError. */
  know(): Promise<ClusterKnown>;
  /** Called with every later reading. */
  onChange(listener: (known: ClusterKnown) => void): void;
}

export interface ClusterRecordOptions {
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const RETRY = { firstMs: 500, mostMs: 10_000 };

export function followClusterRecord(options: ClusterRecordOptions): ClusterRecord {
  const { log, bus, clock, logger, signal } = options;
  const listeners: ((known: ClusterKnown) => void)[] = [];
  const onFailure = (error: unknown, failures: number) =>
    logger.warn({ err: describeError(error), failures }, 'the record of the cluster can not be read');
  const readPatiently = () => retry(() => readCluster(log), { ...RETRY, clock, signal, onFailure });
  let last: Promise<ClusterKnown> = readPatiently();
  // Whoever asks is told.
  last.catch(() => undefined);
  let isFirst = true;

  // A record of the log is heard of by whoever listens when it is written; who was away looks when it is back.
  const listening = bus.subscribe(CLUSTER_SUBJECT, readAgain);
  signal.addEventListener('abort', () => listening.stop());
  bus.onConnection((isConnected) => {
    // Said at once of a connection that is up.
    if (isConnected && !isFirst) readAgain();
    isFirst = false;
  });

  function readAgain(): void {
    if (signal.aborted) return;
    last = last.then(readPatiently);
    last.then(
      (known) => {
        for (const listener of listeners) listener(known);
      },
      () => undefined,
    );
  }

  return { know: () => last, onChange: (listener) => listeners.push(listener) };
}

async function readCluster(log: Log): Promise<ClusterKnown> {
  let id: string | undefined;
  let wire = 1;
  for await (const record of log.read({ from: 1, subjects: [CLUSTER_SUBJECT] })) {
    const fact = decode(record, wire);
    if (fact.is !== 'event') continue;
    if (fact.event.type === 'cluster.created') id ??= fact.event.clusterId;
    if (fact.event.type === 'cluster.version_raised') wire = Math.max(wire, fact.event.version);
  }
  return { id, wire };
}
