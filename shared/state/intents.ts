// Intents without a verdict: in log order, and by who asks.
import type { IntentFact } from '@muster/events';

export class Intents {
  private readonly bySeq = new Map<number, IntentFact>();
  /** In the order in which each actor came to have one waiting; each one's in log order. */
  readonly byActor = new Map<string, Map<number, IntentFact>>();

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
    let own = this.byActor.get(intent.actor);
    if (own === undefined) {
      own = new Map();
      this.byActor.set(intent.actor, own);
    }
    own.set(intent.seq, intent);
  }

  /** False when there is no such intent. */
  delete(seq: number): boolean {
    const intent = this.bySeq.get(seq);
    if (intent === undefined) return false;
    this.bySeq.delete(seq);
    const own = this.byActor.get(intent.actor)!;
    own.delete(seq);
    if (own.size === 0) this.byActor.delete(intent.actor);
    return true;
  }
}
