// Whether the cluster has removed the node, in the log's own words: heard of when it is written, and looked for by who was
// away. Joining again takes a start.
import { decode, eventSubject, WIRE_VERSION } from '@muster/events';
import type { Log } from '@muster/log';
import type { Bus, Clock, Logger } from '@muster/runtime';
import { describeError, retry, StoppedError } from '../tasks/patience.ts';

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

const RETRY = { firstMs: 500, mostMs: 10_000 };

export function watchRemoval(options: RemovalOptions): Removal {
  const { log, bus, clock, logger, signal, nodeId, since, onRemoved } = options;
  const subject = eventSubject('orchestrator', 'node', nodeId);
  const onFailure = (error: unknown, failures: number) =>
    logger.debug({ err: describeError(error), failures }, 'what became of the node can not be read');
  let isRemoved = false;
  let last: Promise<unknown> = Promise.resolve();

  function look(): void {
    if (signal.aborted || isRemoved) return;
    last = last.then(lookPatiently).catch((error) => {
      if (!(error instanceof StoppedError)) throw error;
    });
  }

  async function lookPatiently(): Promise<void> {
    if (isRemoved) return;
    const found = await retry(() => isSaid(log, subject, since), { ...RETRY, clock, signal, onFailure });
    if (!found || isRemoved || signal.aborted) return;
    isRemoved = true;
    onRemoved();
  }

  const listening = bus.subscribe(subject, look);
  signal.addEventListener('abort', () => listening.stop());
  bus.onConnection((isConnected) => isConnected && look());
  look();
  return { look };
}

async function isSaid(log: Log, subject: string, since: number): Promise<boolean> {
  for await (const record of log.read({ from: since + 1, subjects: [subject] })) {
    const fact = decode(record, WIRE_VERSION);
    if (fact.is === 'event' && fact.event.type === 'node.removed') return true;
  }
  return false;
}
