// What a backend is told beside the task that it prepares or starts. There may be thousands a second, and few of them are
// cancelled, or wait for anything: the signal is made when a backend first asks for it.
import type { PrepareOptions } from '@muster/backends';
import type { Aside } from '@muster/runtime';

export class CancellableCall implements PrepareOptions {
  readonly aside: Aside;
  #controller: AbortController | undefined;
  #isCancelled = false;

  constructor(aside: Aside) {
    this.aside = aside;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isCancelled) this.#controller.abort();
    return this.#controller.signal;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#controller?.abort();
  }
}
