import { describe, expect, it } from 'vitest';
import { Placement } from './placement.ts';

const replica = (name: string, lag = 0, offline = false) => ({
  name,
  current: lag === 0,
  active: 0,
  lag,
  offline,
});
const info = {
  cluster: {
    leader: 'n1',
    replicas: [replica('n2', 500), replica('n3', 501), replica('n4', 0, true), replica('n5')],
  },
};
const accept = (...places: string[]) => {
  const placement = new Placement();
  return places.map((place) => placement.accepts(info, place));
};

describe('a consumer', () => {
  it.each([
    ['the leader', 'n1', true],
    ['a server that is level', 'n5', true],
    ['one that is a little behind', 'n2', true],
    ['one that is far behind', 'n3', false],
    ['one that is away', 'n4', false],
  ])('on %s (%s): %s', (_, place, stays) => {
    expect(accept(place)).toEqual([stays]);
  });

  it('stays where there is one server only', () => {
    expect(new Placement().accepts({}, undefined)).toBe(true);
  });

  it('stays on one that is behind when it was put there time after time', () => {
    expect(accept('n3', 'n3', 'n4', 'n3', 'n3', 'n3', 'n3')).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });

  it('is judged anew after one that was on a good server', () => {
    expect(accept('n3', 'n3', 'n3', 'n3', 'n3', 'n5', 'n3')).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
      false,
    ]);
  });
});
