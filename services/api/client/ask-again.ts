// One question, asked again before its time is over: copies share a queue, so that another one may get it where the first
// stands still. The first answer counts, unless whoever gave it says that it may be old: then others have a moment more.
import type { Bus, Clock, Timer } from '@muster/runtime';

export interface Question<Answer> {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly timeoutMs: number;
  /** Reads an answer; throws what can't be read. */
  readonly read: (data: Uint8Array) => Answer;
  readonly mayBeOld: (answer: Answer) => boolean;
}

/** When it is asked again. Few are enough to miss one silent copy of two, and don't trouble those that are busy. */
const AGAIN_AFTER_MS = [700, 1_500, 3_000, 5_000];
/** How long others have, who may know better. */
const BETTER_WITHIN_MS = 400;
const MOST_OLD = 4;

export function askAgain<Answer>(bus: Bus, clock: Clock, question: Question<Answer>): Promise<Answer> {
  const { subject, data, timeoutMs, read, mayBeOld } = question;
  const startedAt = clock.now();
  return new Promise((resolve, reject) => {
    let open = 0;
    let old: Answer | undefined;
    let olds = 0;
    let done = false;
    const timers: Timer[] = [];

    function finish(end: () => void): void {
      done = true;
      for (const timer of timers) timer.cancel();
      end();
    }

    function send(): void {
      const leftMs = timeoutMs - (clock.now() - startedAt);
      if (done || leftMs <= 0) return;
      open += 1;
      bus
        .request(subject, data, { timeoutMs: leftMs })
        .then(
          (message) => {
            open -= 1;
            receive(read(message.data));
          },
          (error: unknown) => {
            open -= 1;
            if (open > 0) return;
            finish(() => (old === undefined ? reject(error) : resolve(old)));
          },
        )
        .catch((error) => finish(() => reject(error)));
    }

    function receive(answer: Answer): void {
      if (mayBeOld(answer)) olds += 1;
      if (!mayBeOld(answer) || olds === MOST_OLD) {
        finish(() => resolve(answer));
        return;
      }
      old ??= answer;
      if (olds === 1) timers.push(clock.schedule(BETTER_WITHIN_MS, () => finish(() => resolve(answer))));
      send();
    }

    send();
    for (const afterMs of AGAIN_AFTER_MS) if (afterMs < timeoutMs) timers.push(clock.schedule(afterMs, send));
  });
}
