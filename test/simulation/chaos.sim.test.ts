// MUSTER_SEEDS=1000 runs more of them, MUSTER_SEED=42 just the one that failed.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChaosFailure, runChaos } from '@muster/simulation';
import { expect, it } from 'vitest';

const single = process.env.MUSTER_SEED;
const seeds = single
  ? [Number(single)]
  : Array.from({ length: Number(process.env.MUSTER_SEEDS ?? 30) }, (_, index) => index + 1);

it.each(seeds)('converges after chaos with seed %i', async (seed) => {
  try {
    const { events } = await runChaos({ seed, ...settingOf(seed) });
    expect(events).toBeGreaterThan(50);
  } catch (error) {
    if (error instanceof ChaosFailure) error.message += `\nits log: ${await keepLog(error)}`;
    throw error;
  }
});

/** Two copies or three; on every third seed clocks that are wrong, and on every fifth a log of the first wire version. */
function settingOf(seed: number) {
  return {
    copies: 2 + (seed % 2),
    maxSkewMs: seed % 3 === 0 ? 2_000 : 0,
    ...(seed % 5 === 0 && { wire: 1 }),
  };
}

/** Where the log of a failed run can be read: one record a line, as `muster events --format json` prints them. */
async function keepLog({ seed, records }: ChaosFailure): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-chaos-')), `seed-${seed}.ndjson`);
  const lines = records.map(({ data, ...record }) =>
    JSON.stringify({ ...record, data: new TextDecoder().decode(data) }),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

it('is the same run for the same seed', async () => {
  const [first, second] = [await runChaos({ seed: 7 }), await runChaos({ seed: 7 })];
  expect(second).toEqual(first);
});
