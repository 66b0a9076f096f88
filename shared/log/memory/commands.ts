// The command store in memory. Deterministic: tombstones expire by `now`, seen when somebody puts or follows.
import type { CommandRecord, CommandStore, FollowCommandsOptions, PutCommandOptions } from '../commands.ts';
import type { AppendResult, Following } from '../log.ts';
import { checkedCommandSubject } from '../subjects.ts';
import { type Deliver, Delivery, deliverSoon, readQueue } from './delivery.ts';

export interface MemoryPut {
  readonly client: string;
  readonly nodeId: string;
  readonly taskId: string;
  readonly data: Uint8Array;
  readonly options: PutCommandOptions;
}

export interface MemoryCommandsOptions {
  /** Ms since the epoch; only tombstones need it. */
  readonly now: () => number;
  /** By default a microtask. */
  readonly deliver?: Deliver;
  /** Most records delivered in one step; without a limit by default. */
  readonly recordsPerStep?: number;
  /** Stands around every put, like the one of `MemoryLog`. */
  readonly intercept?: (put: MemoryPut, store: () => AppendResult) => Promise<AppendResult>;
}

interface Stored {
  readonly record: CommandRecord;
  readonly expiresAt: number;
}

interface Follower {
  readonly nodeId: string | undefined;
  readonly queue: CommandRecord[];
  readonly delivery: Delivery;
}

export class MemoryCommandStore implements CommandStore {
  constructor(
    private readonly options: MemoryCommandsOptions,
    private readonly table: CommandTable = new CommandTable(options),
    private readonly name = 'commands',
  ) {}

  /** The same store as another participant sees it: hooks are told its name. */
  client(name: string): MemoryCommandStore {
    return new MemoryCommandStore(this.options, this.table, name);
  }

  async put(
    nodeId: string,
    taskId: string,
    data: Uint8Array,
    options: PutCommandOptions,
  ): Promise<AppendResult> {
    checkedCommandSubject(nodeId, taskId);
    const store = () => this.table.put(nodeId, taskId, data, options);
    const { intercept } = this.options;
    return intercept === undefined
      ? store()
      : intercept({ client: this.name, nodeId, taskId, data, options }, store);
  }

  async follow(options: FollowCommandsOptions): Promise<Following> {
    const queue = this.table.current(options.nodeId);
    const { onCommand, onCaughtUp, onError } = options;
    const delivery = new Delivery(
      readQueue(queue, { onItem: onCommand, onCaughtUp, onError }),
      (step) => (this.options.deliver ?? deliverSoon)(this.name, step),
      this.options.recordsPerStep ?? Number.POSITIVE_INFINITY,
      () => this.table.unfollow(follower),
    );
    const follower: Follower = { nodeId: options.nodeId, queue, delivery };
    this.table.follow(follower);
    delivery.wake();
    return delivery;
  }
}

class CommandTable {
  /** By node; those who follow every node are under undefined. A change costs no more for the other nodes' followers. */
  private readonly followers = new Map<string | undefined, Set<Follower>>();
  private head = 0;
  private readonly byNode = new Map<string, Map<string, Stored>>();

  constructor(private readonly options: MemoryCommandsOptions) {}

  put(nodeId: string, taskId: string, data: Uint8Array, options: PutCommandOptions): AppendResult {
    const tasks = this.byNode.get(nodeId) ?? new Map<string, Stored>();
    this.byNode.set(nodeId, tasks);
    const found = tasks.get(taskId);
    const actual = found === undefined || this.isExpired(found) ? 0 : found.record.seq;
    const expected = options.expectLastSeq;
    if (expected !== actual) return { ok: false, expected, actual };
    this.head += 1;
    const record = { nodeId, taskId, seq: this.head, data };
    const expiresAt =
      options.ttlMs === undefined ? Number.POSITIVE_INFINITY : this.options.now() + options.ttlMs;
    tasks.set(taskId, { record, expiresAt });
    this.tell(nodeId, record);
    this.tell(undefined, record);
    return { ok: true, seq: this.head };
  }

  follow(follower: Follower): void {
    const followers = this.followers.get(follower.nodeId) ?? new Set();
    this.followers.set(follower.nodeId, followers.add(follower));
  }

  unfollow(follower: Follower): void {
    const followers = this.followers.get(follower.nodeId);
    followers?.delete(follower);
    if (followers?.size === 0) this.followers.delete(follower.nodeId);
  }

  private tell(nodeId: string | undefined, record: CommandRecord): void {
    for (const { queue, delivery } of this.followers.get(nodeId) ?? []) {
      queue.push(record);
      delivery.wake();
    }
  }

  /** The last command of each task, in the order they were put. */
  current(nodeId: string | undefined): CommandRecord[] {
    const nodes = nodeId === undefined ? [...this.byNode.values()] : [this.byNode.get(nodeId) ?? new Map()];
    const records: CommandRecord[] = [];
    for (const tasks of nodes) {
      for (const [taskId, stored] of tasks) {
        if (this.isExpired(stored)) tasks.delete(taskId);
        else records.push(stored.record);
      }
    }
    return records.sort((a, b) => a.seq - b.seq);
  }

  private isExpired(stored: Stored): boolean {
    return stored.expiresAt <= this.options.now();
  }
}
