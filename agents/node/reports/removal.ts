// Whether the cluster has removed the node, in the log's own words: heard of when it is written, and looked for by who was
// away. Joining again takes a start.
import { decode, eventSubject, WIRE_VERSION } from '@muster/events';
import type { Log, LogRecord } from '@muster/log';
import type { Bus, Clock, Logger } from '@muster/runtime';
import { followFewRecords } from '../commands/few-records.ts';
import { describeError } from '../tasks/patience.ts';

/** The agent has nothing to do any more, and has ended: its node is no part of the cluster. */
export class NodeRemovedError extends Error {
  override readonly name = 'NodeRemovedError';
  constructor(nodeId: string) {
    super(
      `node ${nodeId} was removed from the cluster, and its tasks with it: start the agent again to join as a new node`,
    );
  }
}

export interface RemovalOptions {
  readonly log: Log;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nodeId: string;
  /** The sequence with which this agent joined: what was removed before was another's. */
  readonly since: number;
  /** Called once. */
  readonly onRemoved: () => void;
}

export interface Removal {
  /** What was said may not have been heard. */
  look(): void;
}

export function watchRemoval(options: RemovalOptions): Removal {
  const { log, bus, clock, logger, signal, nodeId, since, onRemoved } = options;
  let isRemoved = false;
  const records = followFewRecords({
    log,
    bus,
    clock,
    signal,
    subject: eventSubject('orchestrator', 'node', nodeId),
    from: since + 1,
    onRead(read) {
      if (isRemoved || !read.some(isRemoval)) return;
      isRemoved = true;
      onRemoved();
    },
    onFailure: (error, failures) =>
      logger.debug({ err: describeError(error), failures }, 'what became of the node can not be read'),
  });

  function look(): void {
    // It throws only when the agent ends.
    if (!isRemoved) records.look().catch(() => undefined);
  }

  look();
  return { look };
}

function isRemoval(record: LogRecord): boolean {
  const fact = decode(record, WIRE_VERSION);
  return fact.is === 'event' && fact.event.type === 'node.removed';
}
