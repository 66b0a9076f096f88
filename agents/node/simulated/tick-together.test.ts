import { VirtualClock } from '@muster/testing';
import { expect, it } from 'vitest';
import { tickTogether } from './tick-together.ts';

it('lets what is due in one tick happen together, never too early, and what is due soon in time', async () => {
  const real = new VirtualClock({ startAt: 1_000_030 });
  const clock = tickTogether(real, 100);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name} at ${real.now() - 1_000_000}`);
  clock.schedule(210, note('a'));
  clock.schedule(250, note('b'));
  clock.schedule(280, note('c'));
  clock.schedule(99, note('soon'));
  clock.schedule(260, note('never')).cancel();
  const twice = note('twice');
  clock.schedule(500, twice);
  clock.schedule(500, twice).cancel();
  await real.advance(1_000);
  expect(seen).toEqual(['soon at 129', 'a at 300', 'b at 300', 'c at 400', 'twice at 600']);
});

it('goes on when an action schedules another one, or cancels one of the same tick', async () => {
  const real = new VirtualClock({ startAt: 0 });
  const clock = tickTogether(real, 10);
  const seen: number[] = [];
  const beat = () => {
    seen.push(real.now());
    other.cancel();
    if (seen.length < 3) clock.schedule(10, beat);
  };
  clock.schedule(10, beat);
  const other = clock.schedule(10, () => seen.push(-1));
  await real.advance(100);
  expect(seen).toEqual([10, 20, 30]);
});

it('keeps no timer for what was cancelled: it would hold up the end of its process', () => {
  const real = new VirtualClock({ startAt: 0 });
  const clock = tickTogether(real, 10);
  const [one, other] = [clock.schedule(1_000, () => undefined), clock.schedule(999, () => undefined)];
  one.cancel();
  expect(real.pending).toBe(1);
  other.cancel();
  expect(real.pending).toBe(0);
});
