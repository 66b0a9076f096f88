import { deriveServiceId } from '@muster/model';
import { copyThroughSnapshot, createService, serviceNamed, startHistory } from '@muster/testing';
import { expect, it } from 'vitest';
import { hashState } from '../snapshots/hash.ts';
import { listRows } from '../snapshots/rows.ts';

const body = { image: 'busybox' };

it('holds services of one name in two teams, and one in each', () => {
  const history = startHistory();
  const ours = createService(history, 'web');
  const theirs = createService(history, 'web', {}, { team: 'blue' });
  const cause = history.intend('create', 'web', body, { team: 'blue' });
  const serviceId = deriveServiceId('web', cause, { team: 'blue' });
  history.append({
    type: 'service.created',
    cause,
    actor: 'ana',
    team: 'blue',
    serviceId,
    spec: theirs.spec,
  });
  expect(history.state.conflicts).toBe(1);
  expect(serviceNamed(history.state, 'web')).toBe(ours);
  expect(serviceNamed(history.state, 'web', 'blue')).toBe(theirs);
  expect(history.state.serviceByName.size).toBe(2);
});

it("holds void what has another team's id", () => {
  const history = startHistory();
  const { spec } = createService(history, 'web');
  const cause = history.intend('create', 'api', body, { team: 'blue' });
  const serviceId = deriveServiceId('api', cause);
  history.append({ type: 'service.created', cause, actor: 'ana', team: 'blue', serviceId, spec });
  expect(history.state.conflicts).toBe(1);
  expect(history.state.services.size).toBe(1);
});

it('says the team in its rows, but not of the default one, and has it again from a snapshot', () => {
  const history = startHistory();
  createService(history, 'web');
  createService(history, 'web', {}, { team: 'blue' });
  history.intend('scale', 'web', { replicas: 2 });
  history.intend('scale', 'web', { replicas: 2 }, { team: 'blue' });
  const rows = [...listRows(history.state)].filter(([kind]) => kind === 'service');
  expect(rows.map((row) => (row[1] as { team?: string }).team)).toEqual([undefined, 'blue']);
  const copy = copyThroughSnapshot(history.state);
  expect(hashState(copy)).toBe(hashState(history.state));
  expect(serviceNamed(copy, 'web').team).toBe('');
  expect(serviceNamed(copy, 'web', 'blue').team).toBe('blue');
  expect([...copy.intents.values()].map(({ team }) => team)).toEqual(['', 'blue']);
});
