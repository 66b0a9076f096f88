// Intents without a verdict, in log order.
import type { IntentFact } from '@muster/events';

export class Intents {
  private readonly bySeq = new Map<number, IntentFact>();

  get size(): number {
    return this.bySeq.size;
  }

  get(seq: number): IntentFact | undefined {
    return this.bySeq.get(seq);
  }

  has(seq: number): boolean {
    return this.bySeq.has(seq);
  }

  keys(): Iterable<number> {
    return this.bySeq.keys();
  }

  values(): Iterable<IntentFact> {
    return this.bySeq.values();
  }

  add(intent: IntentFact): void {
    this.bySeq.set(intent.seq, intent);
  }

  /** False when there is no such intent. */
  delete(seq: number): boolean {
    return this.bySeq.delete(seq);
  }
}
