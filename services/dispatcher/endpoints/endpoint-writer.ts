// Keeps the store of endpoints as the folded state says, and does as much work as there are changes: nothing where there are no
// networks. Other dispatchers do the same at the same time: the store's compare-and-set, and each message's basis, say who was later.
import { encodeEndpoints } from '@muster/events';
import { type EndpointStore, type EndpointsRecord, type Following, LogUnavailableError } from '@muster/log';
import {
  alone,
  type Clock,
  createSparingLogger,
  createWorkList,
  type Follower,
  type Logger,
  type Share,
  type Timer,
} from '@muster/runtime';
import { basisOf, type Changes, type ClusterState } from '@muster/state';
import { TOMBSTONE_TTL_MS } from '../commands/tombstones.ts';
import { deriveEndpoints, type EndpointsPut, type Topic } from './derive-endpoints.ts';
import { createEndpointView, entryOf, readEntry } from './endpoint-view.ts';
import { createTouched } from './touched.ts';

export interface EndpointWriterOptions {
  readonly follower: Pick<Follower, 'state' | 'isCertain' | 'onTurn'>;
  readonly store: EndpointStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which networks and services are ours; all of them by default. */
  readonly share?: Share | undefined;
  /** The store can no longer be followed: nothing is written from here on, and the process should end. */
  readonly onFailure?: ((error: Error) => void) | undefined;
  /** More of what is to be said of services is stored. */
  readonly onStored?: () => void;
}

export interface EndpointWriter {
  readonly newestBasis: number;
  /**
   * The store's sequence by which everybody is told that a service's task takes no traffic on the network any more, as the state
   * is since that basis; undefined while it is not stored.
   */
  findOut(networkId: string, serviceId: string, basis: number): number | undefined;
  /** Networks and services to be looked at, or with a message on its way. */
  backlog(): { readonly endpoints: number };
  /** Work may have changed hands. */
  wake(): void;
  stop(): Promise<void>;
}

const MAX_IN_FLIGHT = 64;
const RETRY_AFTER_MS = 250;
const RETRY_LOST_MS = 1_000;
const RETRY_REFUSED_MS = 5_000;

type Outcome = 'done' | 'lost' | { readonly error: unknown };

/** Resolves when what is stored is known. */
export async function startEndpointWriter(options: EndpointWriterOptions): Promise<EndpointWriter> {
  const { follower, store, clock, share = alone, onFailure, onStored } = options;
  const logger = createSparingLogger(options.logger, clock);
  const { state } = follower;
  const view = createEndpointView();
  const touched = createTouched();
  /** To be looked at, by key. Each stays unsettled until a look finds nothing to be said. */
  const work = createWorkList({ share, keyOf: (key) => idOf(topicOf(key)) });
  const unsettled = new Set<string>();
  const inFlight = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let pause: Timer | undefined;
  let patience: Timer | undefined;
  let patienceUntil = 0;
  let active = false;
  let countedFrom = basisOf(state, 0);

  function mark(topic: Topic): void {
    const key = keyOf(topic);
    unsettled.add(key);
    if (inFlight.has(key)) again.add(key);
    else work.add(key);
  }

  function markAll(): void {
    for (const topic of touched.listAll(state)) mark(topic);
    for (const topic of view.topics()) mark(topic);
  }

  const isBehind = () => view.newestBasis > basisOf(state, state.head);

  function derive(key: string): readonly EndpointsPut[] {
    try {
      return deriveEndpoints(state, view, topicOf(key));
    } catch (error) {
      // A bug of ours that one service meets must not keep the others from being told of.
      refuse(key, error);
      return [];
    }
  }

  function pump(): void {
    if (!active || pause || !follower.isCertain || state.halted !== undefined || isBehind()) return;
    work.wake(clock.now(), (key) => !inFlight.has(key) && derive(key).length > 0);
    while (inFlight.size < MAX_IN_FLIGHT) {
      const key = work.take();
      if (key === undefined) break;
      if (inFlight.has(key)) {
        again.add(key);
        continue;
      }
      const puts = derive(key);
      if (puts.length > 0) inFlight.set(key, putAll(key, puts));
      else unsettled.delete(key);
    }
    beWoken();
  }

  function beWoken(): void {
    const at = work.nextWake();
    if (at === undefined || (patience && patienceUntil <= at)) return;
    patience?.cancel();
    patienceUntil = at;
    patience = clock.schedule(Math.max(1, at - clock.now()), () => {
      patience = undefined;
      pump();
    });
  }

  async function putAll(key: string, puts: readonly EndpointsPut[]): Promise<void> {
    const outcomes = await Promise.all(puts.map(putOne));
    inFlight.delete(key);
    const refused = outcomes.find((outcome) => typeof outcome === 'object');
    if (refused) refuse(key, refused.error);
    else if (again.delete(key) || !outcomes.includes('lost')) mark(topicOf(key));
    // We are told of the message that won.
    else work.addAt(key, clock.now() + RETRY_LOST_MS);
    pump();
    onStored?.();
  }

  async function putOne({ of, endpoints, expectLastSeq }: EndpointsPut): Promise<Outcome> {
    const gone = endpoints.type === 'gone';
    try {
      const result = await store.put(of, encodeEndpoints(endpoints), {
        expectLastSeq,
        ...(gone && { ttlMs: TOMBSTONE_TTL_MS }),
      });
      if (result.ok) {
        view.note(entryOf(of, result.seq, endpoints));
        return 'done';
      }
      // That a tombstone went, nobody is told.
      const known = view.entryOf(of);
      if (result.actual === 0 || (result.actual === undefined && known?.gone)) view.drop(of, expectLastSeq);
      return (view.entryOf(of)?.seq ?? 0) === expectLastSeq ? 'lost' : 'done';
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) return { error };
      waitBeforeRetrying();
      return 'done';
    }
  }

  function waitBeforeRetrying(): void {
    pause ??= clock.schedule(RETRY_AFTER_MS, () => {
      pause = undefined;
      pump();
    });
  }

  function refuse(key: string, error: unknown): void {
    logger.error({ err: error, of: key }, 'could not write endpoints: it is tried again');
    work.addAt(key, clock.now() + RETRY_REFUSED_MS);
  }

  function readRecord(record: EndpointsRecord): void {
    // Our own come back as well: they are known since they were acknowledged.
    if (view.entryOf(record.of)?.seq === record.seq) return;
    view.note(readEntry(record));
    if (!active) return;
    const { networkId, serviceId } = record.of;
    const topic = serviceId === undefined ? { networkId } : { serviceId };
    share.noteDecision(idOf(topic));
    work.noteDecision(keyOf(topic));
    mark(topic);
    pump();
    onStored?.();
  }

  function readTurn(_state: ClusterState, changes: Changes): void {
    if (state.networks.size === 0 && view.size === 0) return;
    for (const topic of touched.list(state, changes)) mark(topic);
    for (const serviceId of listChanged(changes))
      if (view.entriesOf({ serviceId }).length > 0) mark({ serviceId });
    if (basisOf(state, 0) > countedFrom) {
      // Some of what is stored follows from what the log has lost.
      countedFrom = basisOf(state, 0);
      markAll();
    }
    pump();
  }

  /** A task that has ended may have no addresses any more, by which it would be known. */
  function listChanged({ services, tasks }: Changes): Set<string> {
    const changed = new Set(services);
    for (const id of tasks) {
      const task = state.tasks.get(id);
      if (task) changed.add(task.service.id);
    }
    return changed;
  }

  const following = await followEndpoints(store, readRecord, (error) => {
    if (!active) return;
    active = false;
    logger.error({ err: error }, 'can no longer follow the endpoints');
    onFailure?.(error);
  });
  active = true;
  markAll();
  const unsubscribe = follower.onTurn(readTurn);
  pump();

  return {
    get newestBasis() {
      return view.newestBasis;
    },
    findOut(networkId, serviceId, basis) {
      const entry = view.entryOf({ networkId, serviceId });
      if (entry && entry.basis >= basis) return entry.seq;
      const key = keyOf({ serviceId });
      // What another copy is to say, we do not look at by ourselves.
      if (unsettled.has(key) && !inFlight.has(key) && derive(key).length === 0) unsettled.delete(key);
      return unsettled.has(key) ? undefined : (entry?.seq ?? 0);
    },
    backlog: () => ({ endpoints: work.size + inFlight.size }),
    wake: pump,
    async stop() {
      active = false;
      unsubscribe();
      for (const timer of [pause, patience]) timer?.cancel();
      await following.stop();
      await Promise.all(inFlight.values());
    },
  };
}

/** Resolves when all that was stored at the time has been told; rejects when it can't be read so far. */
function followEndpoints(
  store: EndpointStore,
  onEndpoints: (record: EndpointsRecord) => void,
  onError: (error: Error) => void,
): Promise<Following> {
  return new Promise((resolve, reject) => {
    const caughtUp = new Promise<void>((done) => {
      store
        .follow({
          closely: true,
          onEndpoints,
          onCaughtUp: done,
          onError(error) {
            reject(error);
            onError(error);
          },
        })
        .then(async (following) => {
          await caughtUp;
          resolve(following);
        }, reject);
    });
  });
}

/** Keys of topics: ids have no dots. */
function keyOf(topic: Topic): string {
  return 'networkId' in topic ? `network.${topic.networkId}` : `service.${topic.serviceId}`;
}

function topicOf(key: string): Topic {
  const id = key.slice(key.indexOf('.') + 1);
  return key.startsWith('network.') ? { networkId: id } : { serviceId: id };
}

function idOf(topic: Topic): string {
  return 'networkId' in topic ? topic.networkId : topic.serviceId;
}
