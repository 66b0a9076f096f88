import { startHistory, VirtualClock } from '@muster/testing';
import { expect, it } from 'vitest';
import { watchOutlived } from './outlived.ts';

async function watch(of: { head: number; newestBasis: number; isCertain: boolean }): Promise<number[]> {
  const clock = new VirtualClock({ startAt: 0 });
  const { state } = startHistory();
  state.head = 10;
  const outlived: number[] = [];
  const watching = watchOutlived({
    follower: { state, isCertain: of.isCertain },
    log: { head: async () => of.head },
    clock,
    newestBasis: () => of.newestBasis,
    onOutlived: (basis) => outlived.push(basis),
    onError: (error) => expect.fail(error.message),
  });
  await clock.advance(10_000);
  watching.stop();
  await clock.advance(10_000);
  return outlived;
}

it('commands beyond the end of the log are told of, when the log says so again', async () => {
  expect(await watch({ head: 10, newestBasis: 12, isCertain: true })).toEqual([12, 12]);
});

it.each([
  ['there are none', { head: 10, newestBasis: 10, isCertain: true }],
  ['it is we who are behind', { head: 12, newestBasis: 12, isCertain: true }],
  ['the log is out of sight', { head: 10, newestBasis: 12, isCertain: false }],
])('nothing is told when %s', async (_what, of) => {
  expect(await watch(of)).toEqual([]);
});
