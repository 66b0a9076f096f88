// The endpoints in memory. Deterministic: tombstones expire by `now`, seen when somebody puts or follows.
import { type EndpointsOf, endpointsSubject } from '@muster/events';
import type { PutCommandOptions } from '../commands.ts';
import type { EndpointStore, EndpointsRecord, FollowEndpointsOptions } from '../endpoints.ts';
import type { AppendResult, Following } from '../log.ts';
import { checkedEndpointsSubject } from '../subjects.ts';
import { type Deliver, Delivery, deliverSoon, readQueue } from './delivery.ts';

export interface MemoryEndpointsOptions {
  /** Ms since the epoch; only tombstones need it. */
  readonly now: () => number;
  /** By default a microtask. */
  readonly deliver?: Deliver;
  /** Stands around every put, like the one of `MemoryLog`. */
  readonly intercept?: (
    put: { readonly client: string; readonly of: EndpointsOf; readonly data: Uint8Array },
    store: () => AppendResult,
  ) => Promise<AppendResult>;
}

interface Stored {
  readonly record: EndpointsRecord;
  readonly expiresAt: number;
}

interface Follower {
  readonly queue: EndpointsRecord[];
  readonly delivery: Delivery;
}

interface Kept {
  head: number;
  readonly bySubject: Map<string, Stored>;
  readonly followers: Set<Follower>;
}

export class MemoryEndpointStore implements EndpointStore {
  constructor(
    private readonly options: MemoryEndpointsOptions,
    private readonly kept: Kept = { head: 0, bySubject: new Map(), followers: new Set() },
    private readonly name = 'endpoints',
  ) {}

  /** The same store as another participant sees it: hooks are told its name. */
  client(name: string): MemoryEndpointStore {
    return new MemoryEndpointStore(this.options, this.kept, name);
  }

  async put(of: EndpointsOf, data: Uint8Array, options: PutCommandOptions): Promise<AppendResult> {
    const subject = checkedEndpointsSubject(of);
    const store = () => this.store(subject, of, data, options);
    const { intercept } = this.options;
    return intercept === undefined ? store() : intercept({ client: this.name, of, data }, store);
  }

  async follow({ onEndpoints, onCaughtUp, onError }: FollowEndpointsOptions): Promise<Following> {
    const { followers } = this.kept;
    const queue = this.current();
    const delivery = new Delivery(
      readQueue(queue, { onItem: onEndpoints, onCaughtUp, onError }),
      (step) => (this.options.deliver ?? deliverSoon)(this.name, step),
      Number.POSITIVE_INFINITY,
      () => followers.delete(follower),
    );
    const follower: Follower = { queue, delivery };
    followers.add(follower);
    delivery.wake();
    return delivery;
  }

  /** What is stored now, in the order it was. */
  current(): EndpointsRecord[] {
    const { bySubject } = this.kept;
    for (const [subject, stored] of bySubject) if (this.isExpired(stored)) bySubject.delete(subject);
    return [...bySubject.values()].map(({ record }) => record).sort((a, b) => a.seq - b.seq);
  }

  private store(
    subject: string,
    of: EndpointsOf,
    data: Uint8Array,
    { expectLastSeq: expected, ttlMs }: PutCommandOptions,
  ): AppendResult {
    const { bySubject, followers } = this.kept;
    const found = bySubject.get(subject);
    const actual = found === undefined || this.isExpired(found) ? 0 : found.record.seq;
    if (expected !== actual) return { ok: false, expected, actual };
    this.kept.head += 1;
    const record = { of, seq: this.kept.head, data };
    const expiresAt = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.options.now() + ttlMs;
    bySubject.set(endpointsSubject(of), { record, expiresAt });
    for (const { queue, delivery } of followers) {
      queue.push(record);
      delivery.wake();
    }
    return { ok: true, seq: record.seq };
  }

  private isExpired({ expiresAt }: Stored): boolean {
    return expiresAt <= this.options.now();
  }
}
