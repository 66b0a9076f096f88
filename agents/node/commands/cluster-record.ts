// Whose log it is, and in which version events are written there: the few records about the cluster itself, read at the
// start, and again whenever one is written or the connection is back. An agent folds nothing else; and to know of less
// than there is does no harm, as old forms are read for ever.
import { CLUSTER_SUBJECT, decode } from '@muster/events';
import type { Log, LogRecord } from '@muster/log';
import type { Bus, Clock, Logger } from '@muster/runtime';
import { describeError } from '../tasks/patience.ts';
import { followFewRecords } from './few-records.ts';

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
  /** There may be more than was heard of. */
  look(): void;
}

export interface ClusterRecordOptions {
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export function followClusterRecord(options: ClusterRecordOptions): ClusterRecord {
  const { log, bus, clock, logger, signal } = options;
  const listeners: ((known: ClusterKnown) => void)[] = [];
  let known: ClusterKnown = { id: undefined, wire: 1 };
  const records = followFewRecords({
    log,
    bus,
    clock,
    signal,
    subject: CLUSTER_SUBJECT,
    from: 1,
    onRead(read) {
      known = readCluster(read);
      for (const listener of listeners) listener(known);
    },
    onFailure: (error, failures) =>
      logger.warn({ err: describeError(error), failures }, 'the record of the cluster can not be read'),
  });
  const first = records.look();
  // Whoever asks is told.
  first.catch(() => undefined);

  return {
    async know() {
      await first;
      return known;
    },
    onChange: (listener) => listeners.push(listener),
    look() {
      // It throws only when the agent ends.
      records.look().catch(() => undefined);
    },
  };
}

function readCluster(records: readonly LogRecord[]): ClusterKnown {
  let id: string | undefined;
  let wire = 1;
  for (const record of records) {
    const fact = decode(record, wire);
    if (fact.is !== 'event') continue;
    if (fact.event.type === 'cluster.created') id ??= fact.event.clusterId;
    if (fact.event.type === 'cluster.version_raised') wire = Math.max(wire, fact.event.version);
  }
  return { id, wire };
}
