// The vectors kept here, row by row. What is skipped is said, with the reason.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { nameRow, readVectors, startRun } from './run.ts';

const folder = fileURLToPath(new URL('vectors/', import.meta.url));
const files = readdirSync(folder).map((name) => readVectors(`${folder}${name}`));

describe.each(files)('$file', (vectors) => {
  const judge = startRun(vectors);
  const skips = new Map<string, number>();
  for (const [index, row] of vectors.rows.entries()) {
    it(nameRow(row, index), ({ skip }) => {
      const verdict = judge(row);
      if (verdict.verdict === 'skipped') {
        skips.set(verdict.reason, (skips.get(verdict.reason) ?? 0) + 1);
        skip(verdict.reason);
      }
      expect(verdict).toEqual({ verdict: 'passed' });
    });
  }
  afterAll(() => {
    for (const [reason, rows] of skips) console.info(`${vectors.file}: skipped ${rows}: ${reason}`);
  });
});
