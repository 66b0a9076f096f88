import { expect, it } from 'vitest';
import { cutText, layOutTable } from './table.ts';

it("lays out as Docker's tabwriter does: three apart, ten wide at least, nothing at the end", () => {
  const table = layOutTable([
    ['ID', 'NAME', 'IMAGE', 'PORTS'],
    ['abcdefghijkl', 'web', 'nginx', ''],
  ]);
  expect(table).toBe('ID             NAME      IMAGE     PORTS\nabcdefghijkl   web       nginx\n');
});

it('cuts the widest flexible column until the table fits', () => {
  const rows = [
    ['ID', 'IMAGE', 'ERROR'],
    ['abc', 'registry.example.com/team/image:tag', 'x'.repeat(100)],
  ];
  for (const width of [60, 80, 100, 140]) {
    const lines = layOutTable(rows, { flexible: [1, 2], width })
      .trimEnd()
      .split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(Math.max(...lines.map((line) => line.length))).toBe(width);
  }
  expect(layOutTable(rows, { flexible: [1, 2], width: 200 })).toContain('x'.repeat(100));
  expect(layOutTable(rows, { flexible: [1, 2] })).toContain('x'.repeat(100));
});

it('never cuts what is not flexible, nor to nothing', () => {
  const rows = [['x'.repeat(50), 'y'.repeat(50)]];
  expect(layOutTable(rows, { flexible: [1], width: 20 })).toBe(`${'x'.repeat(50)}   yyyyyyyyyyy…\n`);
});

it('counts characters, not code units', () => {
  expect(cutText('äöü🚀ß', 4)).toBe('äöü…');
  expect(layOutTable([['🚀🚀🚀', 'a']])).toBe('🚀🚀🚀       a\n');
});

it('lays out ten thousand rows in a moment', () => {
  const row = ['abcdefghijkl', 'web.1', 'nginx:alpine', 'node1', 'Running', 'Running 3 seconds ago', '', ''];
  const started = performance.now();
  layOutTable(
    Array.from({ length: 10_000 }, () => row),
    { flexible: [2, 6, 7], width: 80 },
  );
  expect(performance.now() - started).toBeLessThan(6_000);
});
