// MUSTER_SEEDS=1000 runs more of them, MUSTER_SEED=42 just the one that failed.
import { runChaos } from '@muster/testing/simulation';
import { expect, it } from 'vitest';

const single = process.env.MUSTER_SEED;
const seeds = single
  ? [Number(single)]
  : Array.from({ length: Number(process.env.MUSTER_SEEDS ?? 30) }, (_, index) => index + 1);

it.each(seeds)('converges after chaos with seed %i', async (seed) => {
  const { events } = await runChaos({ seed });
  expect(events).toBeGreaterThan(50);
});

it('is the same run for the same seed', async () => {
  const [first, second] = [await runChaos({ seed: 7 }), await runChaos({ seed: 7 })];
  expect(second).toEqual(first);
});
