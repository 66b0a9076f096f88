import { expect, it } from 'vitest';
import { describeAge, describeDuration } from './time-words.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** docker/go-units duration_test.go, in milliseconds. */
it.each([
  [450, 'Less than a second'],
  [SECOND, '1 second'],
  [47 * SECOND, '47 seconds'],
  [MINUTE, 'About a minute'],
  [3 * MINUTE, '3 minutes'],
  [35 * MINUTE, '35 minutes'],
  [35 * MINUTE + 40 * SECOND, '35 minutes'],
  [HOUR, 'About an hour'],
  [HOUR + 45 * MINUTE, '2 hours'],
  [3 * HOUR, '3 hours'],
  [3 * HOUR + 59 * MINUTE, '4 hours'],
  [24 * HOUR, '24 hours'],
  [36 * HOUR, '36 hours'],
  [2 * DAY, '2 days'],
  [7 * DAY, '7 days'],
  [13 * DAY + 5 * HOUR, '13 days'],
  [2 * 7 * DAY, '2 weeks'],
  [2 * 7 * DAY + 4 * DAY, '2 weeks'],
  [3 * 7 * DAY, '3 weeks'],
  [4 * 7 * DAY + 3 * DAY, '4 weeks'],
  [30 * DAY, '4 weeks'],
  [2 * 30 * DAY, '2 months'],
  [3 * 30 * DAY + 7 * DAY, '3 months'],
  [365 * DAY, '12 months'],
  [18 * 30 * DAY, '18 months'],
  [2 * 365 * DAY, '2 years'],
  [3 * 365 * DAY + 2 * 30 * DAY, '3 years'],
])('%d ms is %s', (ms, words) => {
  expect(describeDuration(ms)).toBe(words);
});

it('is written in the middle of a line, and never in the future', () => {
  expect(describeAge(0, 500)).toBe('less than a second ago');
  expect(describeAge(0, MINUTE)).toBe('about a minute ago');
  expect(describeAge(10 * SECOND, 0)).toBe('less than a second ago');
});
