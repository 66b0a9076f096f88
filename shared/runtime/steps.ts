// Long computations in steps, with turns of the event loop between them: nothing else has to wait until they are done.
import { type Clock, sleep } from './clock.ts';

/** Most steps take well under a millisecond; some take what a whole turn may. */
const STEPS_PER_TURN = 8;
const TURN_MS = 4;

export async function takeSteps<Result>(steps: Iterator<void, Result>, clock: Clock): Promise<Result> {
  const turns = createTurns(clock);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (turns.isOver()) await turns.next();
  }
}

/** The same for steps that each yield something. */
export async function* takeStepsOf<Item>(
  steps: Iterable<Item> | AsyncIterable<Item>,
  clock: Clock,
): AsyncGenerator<Item> {
  const turns = createTurns(clock);
  for await (const item of steps) {
    yield item;
    if (turns.isOver()) await turns.next();
  }
}

function createTurns(clock: Clock) {
  let taken = 0;
  let began = clock.now();
  return {
    /** Asked after each step. */
    isOver(): boolean {
      taken += 1;
      return taken >= STEPS_PER_TURN || clock.now() - began >= TURN_MS;
    },
    async next(): Promise<void> {
      await sleep(clock, 0);
      taken = 0;
      began = clock.now();
    },
  };
}
