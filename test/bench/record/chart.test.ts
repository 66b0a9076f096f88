import { expect, it } from 'vitest';
import { drawChart, nameTick } from './chart.ts';

const chart = (points: [number, number][]) =>
  drawChart({ title: 'a & b', x: 'tasks', y: 'per second', series: [{ name: '<us>', points }] });

const dotsOf = (svg: string) =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);

it('puts ten times as much as far away, wherever it begins', () => {
  const dots = dotsOf(
    chart([
      [1, 10],
      [10, 100],
      [100, 1000],
    ]),
  );
  expect(dots[1]![0]! - dots[0]![0]!).toBeCloseTo(dots[2]![0]! - dots[1]![0]!, 0);
  expect(dots[0]![1]! - dots[1]![1]!).toBeCloseTo(dots[1]![1]! - dots[2]![1]!, 0);
  // More is further up.
  expect(dots[0]![1]!).toBeGreaterThan(dots[2]![1]!);
});

it('stays in its frame with a single point, and with points that differ little', () => {
  for (const points of [
    [[1000, 7]],
    [
      [1000, 2010],
      [3000, 2020],
    ],
  ] as [number, number][][]) {
    const dots = dotsOf(chart(points));
    expect(dots).toHaveLength(points.length);
    for (const [x, y] of dots) {
      expect(x).toBeGreaterThanOrEqual(76);
      expect(x).toBeLessThanOrEqual(504);
      expect(y).toBeGreaterThanOrEqual(44);
      expect(y).toBeLessThanOrEqual(348);
    }
  }
});

it('leaves out what no logarithm has, and refuses to draw nothing', () => {
  expect(
    dotsOf(
      chart([
        [0, 5],
        [10, 5],
      ]),
    ),
  ).toHaveLength(1);
  expect(() => chart([[0, 0]])).toThrow('nothing to draw');
});

it('is well-formed whatever it is told', () => {
  const svg = chart([[1, 1]]);
  expect(svg).toContain('a &amp; b');
  expect(svg).toContain('&lt;us>');
});

it('names large numbers shortly', () => {
  expect([0.5, 20, 1000, 2500, 1e6].map(nameTick)).toEqual(['0.5', '20', '1k', '2.5k', '1M']);
});
