// Hands over what arrives, in order, and keeps nothing else waiting: at once, until that has taken a while; the rest in
// later turns of the event loop. A whole log that is sent at once would otherwise be folded in one breath.

/** Long enough for hundreds of records; timers, heartbeats and requests get their turn in between. */
const PORTION_MS = 5;

export class Portions<Item> {
  private waiting: Item[] = [];
  /** How many of those that waited have been handed over. */
  private taken = 0;
  private endsAt = 0;
  private next: NodeJS.Immediate | undefined;

  constructor(private readonly handOver: (item: Item) => void) {}

  add(item: Item): void {
    if (this.waiting.length > 0) {
      this.waiting.push(item);
      return;
    }
    if (this.next === undefined) this.begin();
    if (performance.now() < this.endsAt) this.handOver(item);
    else this.waiting.push(item);
  }

  /** How many wait. */
  get size(): number {
    return this.waiting.length - this.taken;
  }

  /** What still waits is never handed over. */
  drop(): void {
    this.waiting = [];
    this.taken = 0;
    clearImmediate(this.next);
    this.next = undefined;
  }

  private begin(): void {
    this.endsAt = performance.now() + PORTION_MS;
    this.next = setImmediate(() => this.goOn());
  }

  private goOn(): void {
    this.next = undefined;
    if (this.waiting.length === 0) return;
    this.begin();
    while (this.taken < this.waiting.length && performance.now() < this.endsAt) {
      this.taken += 1;
      this.handOver(this.waiting[this.taken - 1]!);
    }
    if (this.taken < this.waiting.length) return;
    this.waiting = [];
    this.taken = 0;
  }
}
