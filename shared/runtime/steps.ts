// Long computations in steps, with turns of the event loop between them: nothing else has to wait until they are done.
import { type Clock, sleep } from './clock.ts';

/** A step takes well under a millisecond. */
const STEPS_PER_TURN = 8;

export async function takeSteps<Result>(steps: Iterator<void, Result>, clock: Clock): Promise<Result> {
  for (let taken = 1; ; taken += 1) {
    const step = steps.next();
    if (step.done) return step.value;
    if (taken % STEPS_PER_TURN === 0) await sleep(clock, 0);
  }
}

/** The same for steps that each yield something. */
export async function* takeStepsOf<Item>(
  steps: Iterable<Item> | AsyncIterable<Item>,
  clock: Clock,
): AsyncGenerator<Item> {
  let taken = 0;
  for await (const item of steps) {
    yield item;
    taken += 1;
    if (taken % STEPS_PER_TURN === 0) await sleep(clock, 0);
  }
}
