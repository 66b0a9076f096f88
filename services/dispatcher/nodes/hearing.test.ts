import { describe, expect, it } from 'vitest';
import { startHearing } from './hearing.ts';

const PERIOD = 5000;

describe('hearing', () => {
  it('has heard nothing before its first echo', () => {
    const hearing = startHearing(PERIOD);
    expect(hearing.until).toBe(Number.NEGATIVE_INFINITY);
    expect(hearing.isCurrent(1000)).toBe(false);
  });

  it('has heard everything from its first echo to its last', () => {
    const hearing = startHearing(PERIOD);
    for (let at = 1000; at <= 9000; at += 500) hearing.echo(at, at + 3);
    expect(hearing).toMatchObject({ since: 1000, until: 9000 });
    expect(hearing.isCurrent(9100)).toBe(true);
  });

  it('was deaf while no echo came back', () => {
    const hearing = startHearing(PERIOD);
    hearing.echo(1000, 1001);
    hearing.echo(61_000, 61_001);
    expect(hearing).toMatchObject({ since: 61_000, until: 61_000 });
  });

  it('does not believe an echo that was held up, nor those that come in the same burst', () => {
    const hearing = startHearing(PERIOD);
    hearing.echo(1000, 1001);
    // The server stood still, and now delivers what was sent to it meanwhile.
    for (let sentAt = 1500; sentAt <= 31_000; sentAt += 500) hearing.echo(sentAt, 31_000);
    expect(hearing.since).toBe(31_000);
  });

  it('is not current after a stop of its own process, until an echo says so', () => {
    const hearing = startHearing(PERIOD);
    hearing.echo(1000, 1001);
    expect(hearing.isCurrent(3600_000)).toBe(false);
    hearing.echo(3600_000, 3600_001);
    expect(hearing.isCurrent(3600_002)).toBe(true);
  });

  it('starts anew when the clock is set back', () => {
    const hearing = startHearing(PERIOD);
    hearing.echo(100_000, 100_001);
    hearing.echo(40_000, 40_001);
    expect(hearing).toMatchObject({ since: 40_000, until: 40_000 });
  });
});
