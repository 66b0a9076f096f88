import { expect, it } from 'vitest';
import type { Logger } from './logging.ts';
import { createSparingLogger } from './sparing-logger.ts';

let now = 0;
const said: string[] = [];
const note = (level: string) => (fields: object, message: string) => {
  said.push(`${level} ${message} ${JSON.stringify(fields)}`);
};
const logger = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [level, note(level)]),
) as unknown as Logger;

it('says each kind at once, and what comes by the thousand less and less often, with how many it was', () => {
  const sparing = createSparingLogger(logger, { now: () => now });
  for (let index = 0; index < 100_000; index += 1) {
    now = index;
    sparing.error({ index }, 'odd');
  }
  sparing.warn({}, 'even');
  expect(said.splice(0)).toEqual([
    'error odd {"index":0}',
    ...[1, 3, 7, 15, 31, 63].map(
      (seconds) => `error odd {"index":${seconds * 1000},"others":${(seconds + 1) * 500 - 1}}`,
    ),
    'warn even {}',
  ]);

  // After a while without any, it is news.
  now += 3_600_000;
  sparing.error({}, 'odd');
  now += 1_000;
  sparing.error({}, 'odd');
  expect(said.splice(0)).toEqual(['error odd {"others":36999}', 'error odd {}']);
  now = 0;
  sparing.error({}, 'odd');
  expect(said.splice(0)).toEqual(['error odd {}']);
});

it('passes on what is no trouble', () => {
  const sparing = createSparingLogger(logger, { now: () => now });
  for (let index = 0; index < 3; index += 1) sparing.info({}, 'well');
  expect(said.splice(0)).toHaveLength(3);
});
