// How memory adapters hand records to followers: in order, never inside the writer's call, one step at a time so
// that a simulator can hold a participant back. No timers, no clock, no randomness.
import type { Following } from '../log.ts';

/** Runs one delivery step for a participant, later. Steps of one follow are never scheduled side by side. */
export type Deliver = (client: string, step: () => void) => void;

export const deliverSoon: Deliver = (_client, step) => queueMicrotask(step);

export interface DeliverySource {
  /** Takes what is next and returns its delivery; undefined when there is nothing now. */
  next(): (() => void) | undefined;
  onError(error: Error): void;
}

/** One follow: drains its source, at most `perStep` deliveries in each scheduled step. */
export class Delivery implements Following {
  private scheduled = false;
  private stopped = false;

  constructor(
    private readonly source: DeliverySource,
    private readonly schedule: (step: () => void) => void,
    private readonly perStep: number,
    private readonly onStop: () => void,
  ) {}

  /** There may be something new. */
  wake(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    this.schedule(() => this.step());
  }

  async stop(): Promise<void> {
    this.end();
  }

  private end(): void {
    this.stopped = true;
    this.onStop();
  }

  private step(): void {
    this.scheduled = false;
    for (let count = 0; count < this.perStep && !this.stopped; count += 1) {
      const deliverNext = this.source.next();
      if (deliverNext === undefined) return;
      try {
        deliverNext();
      } catch (error) {
        this.end();
        this.source.onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.wake();
  }
}

export interface QueueReader<Item> {
  readonly onItem: (item: Item) => void;
  /** Told once, after what is in the queue now. */
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
}

/** What is in the queue now, then what is put there later. */
export function readQueue<Item>(
  queue: Item[],
  { onItem, onCaughtUp, onError }: QueueReader<Item>,
): DeliverySource {
  const stored = queue.length;
  let at = 0;
  let caughtUp = false;
  return {
    onError,
    next() {
      if (!caughtUp && at === stored) {
        caughtUp = true;
        return onCaughtUp;
      }
      const item = queue[at];
      if (item === undefined) {
        queue.length = at = 0;
        return undefined;
      }
      at += 1;
      return () => onItem(item);
    },
  };
}
