// Whether a simulated engine answers: every call to it passes here. Up it lets calls through, hung it keeps them
// waiting, down it refuses them.
import type { Clock, Timer } from '@muster/runtime';
import { BackendUnavailableError, type CallOptions } from '../backend.ts';
import { untilAborted } from '../until-aborted.ts';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer | undefined;
}

export class Gate {
  readonly #clock: Clock;
  readonly #name: string;
  readonly #waiting = new Set<Waiting>();
  #state: 'up' | 'hung' | 'down' = 'up';

  constructor(clock: Clock, name: string) {
    this.#clock = clock;
    this.#name = name;
  }

  get state(): 'up' | 'hung' | 'down' {
    return this.#state;
  }

  /** Resolves when the engine takes a call. */
  async pass(): Promise<void> {
    if (this.#state === 'down') throw this.#refusal();
    if (this.#state === 'hung') await this.#wait(undefined);
  }

  /** Lets work take its time. It is cut short when the engine goes down, and ends later when it hangs. */
  async spend(delayMs: number, call?: CallOptions): Promise<void> {
    if (delayMs > 0) await untilAborted(this.#wait(delayMs), call?.signal);
    await (this.#state === 'hung' ? untilAborted(this.pass(), call?.signal) : this.pass());
  }

  open(): void {
    this.#state = 'up';
    for (const waiting of this.#waiting) if (waiting.timer === undefined) this.#release(waiting);
  }

  hang(): void {
    this.#state = 'hung';
  }

  close(): void {
    this.#state = 'down';
    for (const waiting of this.#waiting) {
      this.#waiting.delete(waiting);
      waiting.timer?.cancel();
      waiting.reject(this.#refusal());
    }
  }

  #wait(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer =
        delayMs === undefined ? undefined : this.#clock.schedule(delayMs, () => this.#release(waiting));
      const waiting: Waiting = { resolve, reject, timer };
      this.#waiting.add(waiting);
    });
  }

  #release(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    waiting.resolve();
  }

  #refusal(): BackendUnavailableError {
    return new BackendUnavailableError(`the simulated engine ${this.#name} is down: recover it`);
  }
}
