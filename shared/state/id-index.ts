// From a task's id to its row. In shards, because a map of millions stops the program when it grows.

const SHARDS = 256;

export class IdIndex {
  private readonly shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  size = 0;

  get(id: string): number | undefined {
    return this.shardOf(id).get(id);
  }

  /** The id must be new. */
  add(id: string, row: number): void {
    this.shardOf(id).set(id, row);
    this.size += 1;
  }

  delete(id: string): void {
    if (this.shardOf(id).delete(id)) this.size -= 1;
  }

  /** Ids are digests, so any two of their characters spread well. */
  private shardOf(id: string): Map<string, number> {
    const last = id.length - 1;
    return this.shards[(id.charCodeAt(last) * 37 + id.charCodeAt(last - 1)) & (SHARDS - 1)]!;
  }
}
