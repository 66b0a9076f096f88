import { expect, it } from 'vitest';
import { compareLooks, keepSilent } from './compare.ts';
import { makeLook, makeProcess, makeRole } from './looks.fixture.ts';

const before = makeLook([makeProcess([makeRole()])]);

it('shows rates over the time of the process itself, however late it answered', () => {
  const appends = makeRole().appends.map((_, bucket) => (bucket === 4 ? 99 : bucket === 8 ? 1 : 0));
  const later = makeRole({ head: 140, folded: 90, decisions: 110, conflicts: 5, appends });
  const now = makeLook([makeProcess([later], { uptimeMs: 12_000, cpuMs: 1_500 })], { logHead: 150 });
  const [row, ...others] = compareLooks(before, now);
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    role: 'scheduler',
    copy: 'scheduler-7',
    host: 'alpha',
    pid: 7,
    lag: 10,
    foldsPerSec: 20,
    decisionsPerSec: 50,
    conflictsPerSec: 2,
    roundTripP99Ms: 2.5,
    waiting: 3,
    cpuShare: 0.5,
    trouble: undefined,
  });
});

it('counts only the appends of the time in between', () => {
  const appends = [...makeRole().appends];
  appends[10] = 40;
  const slowBefore = makeLook([makeProcess([makeRole({ appends })])]);
  const now = makeLook([makeProcess([makeRole({ appends })], { uptimeMs: 11_000 })]);
  expect(compareLooks(slowBefore, now)[0]!.roundTripP99Ms).toBeUndefined();
});

it('has no rates of a copy that was not there before', () => {
  const [row] = compareLooks(makeLook([]), before);
  expect(row).toMatchObject({
    lag: 0,
    foldsPerSec: undefined,
    decisionsPerSec: undefined,
    cpuShare: undefined,
  });
});

it('does not take a new process for the old one, whatever it is called', () => {
  const now = makeLook([makeProcess([makeRole({ decisions: 3 })], { process: 'p2', uptimeMs: 500 })]);
  const rows = compareLooks(before, now);
  expect(rows.map(({ trouble, decisionsPerSec }) => [trouble, decisionsPerSec])).toEqual([
    [undefined, undefined],
    ['does not answer', undefined],
  ]);
});

it('keeps the roles in the order of what they do, and copies by where they are', () => {
  const roles = ['api', 'orchestrator'].map((role) => makeRole({ role, copy: role }));
  const now = makeLook([
    makeProcess(roles, { process: 'p3', host: 'beta' }),
    makeProcess(roles, { process: 'p4', host: 'alpha', pid: 9 }),
    makeProcess(roles, { process: 'p5', host: 'alpha', pid: 8 }),
  ]);
  expect(compareLooks(undefined, now).map(({ role, host, pid }) => `${role} ${host} ${pid}`)).toEqual([
    'orchestrator alpha 8',
    'orchestrator alpha 9',
    'orchestrator beta 7',
    'api alpha 8',
    'api alpha 9',
    'api beta 7',
  ]);
});

it('misses a copy that does not answer any more, for a while', () => {
  const silent = (takenAt: number) => makeLook([], { takenAt });
  let last = before;
  const shown = [1_000, 2_000, 6_000].map((takenAt) => {
    const rows = compareLooks(last, silent(takenAt));
    last = keepSilent(last, silent(takenAt), 5_000);
    return rows.map(({ trouble }) => trouble);
  });
  expect(shown).toEqual([['does not answer'], ['does not answer'], ['does not answer']]);
  expect(compareLooks(last, silent(7_000))).toEqual([]);
});

it('welcomes it back', () => {
  const kept = keepSilent(before, makeLook([], { takenAt: 1_000 }), 5_000);
  const back = makeLook([makeProcess([makeRole({ decisions: 20 })], { uptimeMs: 20_000 })], {
    takenAt: 2_000,
  });
  const [row, ...others] = compareLooks(kept, back);
  expect(others).toEqual([]);
  expect(row).toMatchObject({ trouble: undefined, decisionsPerSec: 1 });
  expect(keepSilent(kept, back, 5_000).silentSince?.size).toBe(0);
});
