import { copyThroughSnapshot, startHistory } from '@muster/testing';
import { expect, it } from 'vitest';
import { hashState } from '../snapshots/hash.ts';
import { basisOf } from './losses.ts';

const intent = (seq: number) => ({ seq, subject: 'muster.intent.ana.service.apply.web' });

it('what several copies know of one loss is one loss, and commands count from beyond it', () => {
  const history = startHistory();
  const { state } = history;
  const lost = { type: 'cluster.records_lost', cause: 0, after: 3, basis: 9, to: 9 } as const;
  history.append({ ...lost, intents: [intent(5)], omitted: 1 });
  const { headTime: time } = state;
  expect(basisOf(state, 7)).toBe(16);
  history.append({ ...lost, to: 8, basis: 8, intents: [intent(5), intent(6)] });
  expect(state.losses).toEqual([{ time, after: 3, to: 9, intents: [intent(5), intent(6)], omitted: 1 }]);
  expect(state.conflicts).toBe(0);
  history.append({ ...lost, intents: [intent(5)] });
  expect(state.conflicts).toBe(1);
  expect(basisOf(state, 7)).toBe(16);
  expect(hashState(copyThroughSnapshot(state))).toBe(hashState(state));
  expect(copyThroughSnapshot(state).basisOffset).toBe(9);
});

it('commands that outlived what they follow from are a loss once', () => {
  const history = startHistory();
  const { state } = history;
  for (let count = 0; count < 2; count += 1)
    history.append({ type: 'cluster.commands_ahead', cause: 0, basis: 40 });
  expect(state.losses).toMatchObject([{ after: 0, to: 40, intents: [] }]);
  expect(basisOf(state, 1)).toBe(41);
  expect(state.conflicts).toBe(1);
});
