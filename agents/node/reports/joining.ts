// Says to the cluster what the node is, whenever that changed. An engine that describes itself in a way that nobody
// could read back is asked again, with patience: the node can't be used until then, and says why.
import { isDeepStrictEqual } from 'node:util';
import type { Backend } from '@muster/backends';
import { UnreadableEventError, WIRE_VERSION } from '@muster/events';
import { type NodeDescription, nodeDescriptionSchema, withoutYounger } from '@muster/model';
import type { Clock, Logger } from '@muster/runtime';
import { backOff, describeError, pause, StoppedError } from '../tasks/patience.ts';
import type { OwnEvents } from './own-events.ts';

export interface JoiningOptions {
  readonly backend: Pick<Backend, 'describe'>;
  readonly own: Pick<OwnEvents, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nodeId: string;
  readonly session: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The wire version in which events are written. */
  readonly wire: () => number;
}

export interface Joining {
  /** Resolves when the cluster has this description, or a newer one is under way. Throws what `own.write` does. */
  join(description: Omit<NodeDescription, 'labels'>): Promise<void>;
  /** The log has lost what was told: it is told again. */
  joinAgain(): Promise<void>;
  /** The cluster may read more than before: what was left out for that is told. */
  complete(): Promise<void>;
  readonly hasJoined: boolean;
}

const RETRY = { firstMs: 1_000, mostMs: 60_000 };

export function createJoining(options: JoiningOptions): Joining {
  const { backend, own, clock, logger, signal, nodeId, session, labels, wire } = options;
  /** As it was told: without what the cluster does not read yet. */
  let joined: NodeDescription | undefined;
  let known: Omit<NodeDescription, 'labels'> | undefined;
  let asked = 0;

  async function join(first: Omit<NodeDescription, 'labels'>): Promise<void> {
    asked += 1;
    const turn = asked;
    let description = first;
    known = first;
    for (let failures = 1; turn === asked; failures += 1) {
      try {
        await tell({ ...description, labels: { ...labels } });
        return;
      } catch (error) {
        if (!(error instanceof UnreadableEventError)) throw error;
        const { path, message } = error.issue;
        logger.error({ field: path, err: message, failures }, 'the node can not join as it is described');
      }
      await pause(clock, backOff(RETRY, failures), signal);
      if (signal.aborted) throw new StoppedError();
      description = await backend.describe().catch((error) => {
        logger.warn({ err: describeError(error) }, 'the engine can not describe itself');
        return description;
      });
    }
  }

  /** Appends the description, unless it is what the cluster has. */
  async function tell(whole: NodeDescription): Promise<void> {
    const description = withoutYounger(whole, nodeDescriptionSchema, wire());
    if (isDeepStrictEqual(description, joined)) return;
    const before = joined;
    joined = description;
    logger.info({ description }, 'the node joins');
    const reads = WIRE_VERSION;
    try {
      await own.write({ type: 'node.joined', cause: 0, nodeId, session, description, reads });
    } catch (error) {
      if (joined === description) joined = before;
      throw error;
    }
  }

  return {
    join,
    async joinAgain() {
      if (joined === undefined || known === undefined) return;
      joined = undefined;
      await join(known);
    },
    async complete() {
      if (joined !== undefined && known !== undefined) await join(known);
    },
    get hasJoined() {
      return joined !== undefined;
    },
  };
}
