// Follows the endpoints, of all networks, and begins again whenever following ends; what was known goes on holding meanwhile. Says to the
// dispatchers how far the node goes by them, once whoever wires them into the kernel has said so.
import { decodeEndpoints, encodeJson, followsSubject } from '@muster/events';
import type { EndpointStore, EndpointsRecord, Following } from '@muster/log';
import { type Bus, type Clock, createSparingLogger, type Logger, type Timer } from '@muster/runtime';
import { backOff, describeError, pause } from '../tasks/patience.ts';
import { createEndpointTables, type EndpointTables } from './endpoint-tables.ts';

export interface EndpointsChange {
  readonly tables: EndpointTables;
  /** Of which something is another than when it was told last; of all of them the first time. */
  readonly networks: ReadonlySet<string>;
  /** To be given to `noteFollowed` when the node goes by this. */
  readonly seq: number;
  /** When the log took the oldest of what is new in it, by the log's clock; undefined for what was there before. */
  readonly oldestAt?: number;
}

export interface ListenToEndpointsOptions {
  readonly store: EndpointStore;
  readonly bus: Pick<Bus, 'publish'>;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /**
   * Never before all that is stored has been read: until then nothing may be taken down. Several changes may come as one. What is
   * of no concern to the node is told as well: it is to say that it has come so far.
   */
  readonly onChange: (change: EndpointsChange) => void;
}

export interface EndpointsListening {
  readonly tables: EndpointTables;
  /** The node goes by all endpoints up to that sequence. */
  noteFollowed(seq: number): void;
}

const RETRY = { firstMs: 500, mostMs: 2_000 };
/** What changes together, as when a service is scaled, is told together; nobody waits for it so long that it is felt. */
const GATHER_MS = 5;
const SAY_EVERY_MS = 20;
/** Somebody may not have heard it, or may have come since. */
const REPEAT_MS = 5_000;
/** Of a store that was made anew, all is written again by then: only what is not is gone. */
const FORGET_AFTER_MS = 60_000;

export function listenToEndpoints(options: ListenToEndpointsOptions): EndpointsListening {
  const { store, clock, signal, onChange } = options;
  const logger = createSparingLogger(options.logger, clock);
  const tables = createEndpointTables();
  const follows = sayFollowed(options);
  let changed = new Set<string>();
  let seq = 0;
  let oldestAt = Number.POSITIVE_INFINITY;
  let isLevel = false;
  let wasLevel = false;
  let gathering: Timer | undefined;
  let forgetting: Timer | undefined;
  let failures = 0;

  function tell(): void {
    gathering = undefined;
    if (signal.aborted || !isLevel) return;
    const networks = wasLevel ? changed : new Set([...tables.networks.keys(), ...tables.services.keys()]);
    wasLevel = true;
    changed = new Set();
    onChange({ tables, networks, seq, ...(Number.isFinite(oldestAt) && { oldestAt }) });
    oldestAt = Number.POSITIVE_INFINITY;
  }

  function tellSoon(): void {
    if (isLevel) gathering ??= clock.schedule(GATHER_MS, tell);
  }

  function read({ of, seq: at, data }: EndpointsRecord): void {
    if (signal.aborted) return;
    seq = at;
    try {
      const endpoints = decodeEndpoints(data);
      if (tables.fold(of, endpoints)) {
        changed.add(of.networkId);
        if (isLevel && endpoints.at !== undefined) oldestAt = Math.min(oldestAt, endpoints.at);
      }
    } catch (error) {
      // What was known of it holds.
      logger.error({ err: describeError(error), of }, 'endpoints can not be read');
    }
    tellSoon();
  }

  function noteLevel(): void {
    failures = 0;
    isLevel = true;
    tellSoon();
    // A store with nothing in it says nothing.
    if (seq === 0) return;
    forgetting = clock.schedule(FORGET_AFTER_MS, () => {
      for (const networkId of tables.forgetUnread()) changed.add(networkId);
      if (changed.size > 0) tellSoon();
    });
  }

  function complain(error: unknown): void {
    logger.error({ err: describeError(error) }, 'following endpoints did not end well');
  }

  async function follow(): Promise<void> {
    let following: Following | undefined;
    const end = () => following?.stop().catch(complain);
    tables.beginReading();
    // Sequences of another store may be lower.
    seq = 0;
    const error = await new Promise<unknown>((onError) => {
      store.follow({ onEndpoints: read, onCaughtUp: noteLevel, onError }).then((started) => {
        following = started;
        if (signal.aborted) end();
        else signal.addEventListener('abort', end);
      }, onError);
    });
    signal.removeEventListener('abort', end);
    isLevel = false;
    forgetting?.cancel();
    failures += 1;
    if (signal.aborted) return;
    logger.warn({ err: describeError(error), failures }, 'endpoints can not be followed: trying again');
    await pause(clock, backOff(RETRY, failures), signal);
    if (!signal.aborted) follow().catch(complain);
  }

  signal.addEventListener('abort', () => {
    gathering?.cancel();
    forgetting?.cancel();
  });
  follow().catch(complain);
  return { tables, noteFollowed: follows };
}

/** Often enough for whoever waits, seldom enough for a thousand nodes. */
function sayFollowed({
  bus,
  nodeId,
  clock,
  signal,
}: Pick<ListenToEndpointsOptions, 'bus' | 'nodeId' | 'clock' | 'signal'>): (seq: number) => void {
  let followed = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;

  function say(): void {
    saidAt = clock.now();
    bus.publish(followsSubject(nodeId), encodeJson({ seq: followed }));
    timer = clock.schedule(REPEAT_MS, say);
  }

  signal.addEventListener('abort', () => timer?.cancel());
  return (seq) => {
    if (signal.aborted) return;
    followed = seq;
    timer?.cancel();
    const at = saidAt + SAY_EVERY_MS;
    if (at <= clock.now()) say();
    else timer = clock.schedule(at - clock.now(), say);
  };
}
