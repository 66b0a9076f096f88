// The cluster's wire version, as far as an agent knows it: it folds nothing, and writes nothing younger. To know less than
// is so does no harm, as old forms are read for ever; so it is looked up, and not waited for.
import { CLUSTER_SUBJECT, decode, WIRE_VERSION } from '@muster/events';
import type { Log } from '@muster/log';
import type { Bus, Logger } from '@muster/runtime';
import { describeError } from './patience.ts';

export interface ClusterVersion {
  readonly wire: number;
  stop(): void;
}

export interface ClusterVersionOptions {
  readonly log: Log;
  readonly bus: Bus;
  readonly logger: Logger;
  /** The newest that this agent could write; this build's by default. */
  readonly newest?: number;
}

export function watchClusterVersion(options: ClusterVersionOptions): ClusterVersion {
  const { log, bus, logger, newest = WIRE_VERSION } = options;
  let wire = 1;
  let stopped = false;

  async function look(): Promise<void> {
    for await (const record of log.read({ from: 1, subjects: [CLUSTER_SUBJECT] })) {
      const fact = decode(record);
      if (fact.is === 'event' && fact.event.type === 'cluster.version_raised')
        wire = Math.min(newest, Math.max(wire, fact.event.version));
    }
  }

  /** Whoever has nothing younger to write need not know. */
  function lookAgain(): void {
    if (stopped || wire === newest) return;
    look().catch((error) =>
      logger.debug({ err: describeError(error) }, 'the cluster was not found in the log'),
    );
  }

  // A record of the log is heard of by whoever listens when it is written; who was away looks when it is back.
  const subscription =
    newest > 1 ? bus.subscribe(CLUSTER_SUBJECT, () => lookAgain()) : { stop: () => undefined };
  bus.onConnection((isConnected) => isConnected && lookAgain());
  return {
    get wire() {
      return wire;
    },
    stop() {
      stopped = true;
      subscription.stop();
    },
  };
}
