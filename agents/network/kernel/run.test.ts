import { expect, it } from 'vitest';
import { run } from './run.ts';

it('runs programs beside each other, each with its own input, answer and end', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 9 }, (_, index) =>
      run(undefined, ['sh', '-c', `cat; echo "it's ${index}" >&2; exit ${index}`], `$HOME\n${index}\n`),
    ),
  );
  for (const [index, outcome] of outcomes.entries())
    expect(outcome).toEqual({ code: index, stdout: `$HOME\n${index}\n`, stderr: `it's ${index}\n` });
});

it('takes words as they are, and much at once', async () => {
  const words = ["a'b", '$HOME', '*', 'a b', '\\'];
  expect((await run(undefined, ['printf', '%s\n', ...words])).stdout).toBe(`${words.join('\n')}\n`);
  const lines = 'a line of many\n'.repeat(50_000);
  expect((await run(undefined, ['cat'], lines)).stdout).toBe(lines);
});

it('says that there is no such program', async () => {
  expect((await run(undefined, ['no-such-program'])).code).toBe(127);
});
