import { containerSpecSchema } from '@muster/model';
import { describe, expect, it } from 'vitest';
import { describeChecks } from './checks.ts';
import { chooseInterval, type Judgement, judgeProbe } from './judge-probe.ts';

function checksOf(container: object) {
  return describeChecks(containerSpecSchema.parse(container));
}

describe('what a task is checked for', () => {
  it.each<[string, object]>([
    ['nothing is said', {}],
    ['none is wanted', { healthcheck: { test: ['NONE'] } }],
    ['only the image knows', { healthcheck: { interval: '1s' } }],
  ])('is not the agent’s where %s', (_, container) => {
    expect(checksOf(container)).toBeUndefined();
  });

  it('has Docker’s defaults', () => {
    expect(checksOf({ healthcheck: { test: ['CMD-SHELL', 'a b'] } })).toEqual({
      health: {
        command: ['/bin/sh', '-c', 'a b'],
        intervalMs: 30_000,
        timeoutMs: 30_000,
        startPeriodMs: 0,
        startIntervalMs: 5_000,
        retries: 3,
      },
    });
  });

  it('is asked often while a task was never ready', () => {
    const ready = { command: ['a'], intervalMs: 5_000, timeoutMs: 5_000, retries: 3, startIntervalMs: 1_000 };
    expect(checksOf({ readiness: { test: ['CMD', 'a'] } })?.ready).toMatchObject(ready);
  });
});

describe('a check', () => {
  const check = checksOf({
    healthcheck: { test: ['CMD', 'a'], interval: '10s', startPeriod: '20s', startInterval: '2s', retries: 2 },
  })!.health!;
  const judge = (outcomes: readonly (readonly [passed: boolean, age: number])[]) =>
    outcomes.reduce<Judgement>((before, [passed, age]) => judgeProbe(before, passed, check, age), {
      health: 'starting',
      streak: 0,
    }).health;

  it.each<[string, readonly (readonly [boolean, number])[], string]>([
    [
      'counts no failure within the start period',
      [
        [false, 1],
        [false, 2],
        [false, 19_999],
      ],
      'starting',
    ],
    [
      'counts those after it',
      [
        [false, 20_000],
        [false, 30_000],
      ],
      'unhealthy',
    ],
    [
      'counts those after a success, though within it',
      [
        [true, 1],
        [false, 2],
        [false, 3],
      ],
      'unhealthy',
    ],
    [
      'wants failures in a row',
      [
        [true, 1],
        [false, 2],
        [true, 3],
        [false, 4],
      ],
      'healthy',
    ],
    [
      'finds one healthy again',
      [
        [false, 30_000],
        [false, 40_000],
        [true, 50_000],
      ],
      'healthy',
    ],
  ])('%s', (_, outcomes, expected) => {
    expect(judge(outcomes)).toBe(expected);
  });

  it('is repeated at the start interval until it succeeds, or the start is over', () => {
    const at = (health: Judgement['health'], age: number) =>
      chooseInterval({ health, streak: 0 }, check, age);
    expect([at('starting', 0), at('healthy', 0), at('starting', 20_000)]).toEqual([2_000, 10_000, 10_000]);
  });
});
