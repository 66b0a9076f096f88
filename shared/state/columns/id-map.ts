// From ids of tasks to numbers. In shards, because a map of millions stops the program when it grows.

const SHARDS = 256;

export class IdMap {
  private readonly shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(id: string): number | undefined {
    return this.shardOf(id).get(id);
  }

  set(id: string, number: number): void {
    const shard = this.shardOf(id);
    this.count -= shard.size;
    shard.set(id, number);
    this.count += shard.size;
  }

  delete(id: string): void {
    if (this.shardOf(id).delete(id)) this.count -= 1;
  }

  /** May go on while ids come and go. */
  *keys(): Generator<string> {
    for (const shard of this.shards) yield* shard.keys();
  }

  /** Ids are digests, so any two of their characters spread well. */
  private shardOf(id: string): Map<string, number> {
    const last = id.length - 1;
    return this.shards[(id.charCodeAt(last) * 37 + id.charCodeAt(last - 1)) & (SHARDS - 1)]!;
  }
}
