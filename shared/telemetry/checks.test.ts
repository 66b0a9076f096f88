import { describe, expect, it } from 'vitest';
import { judgeLife, judgeReadiness, type Verdict } from './checks.ts';
import { readAgent, readControl, readResolver } from './readings.fixture.ts';

const wrong = ({ checks }: Verdict) =>
  checks.filter(({ ok }) => !ok).map(({ check, says }) => `${check}: ${says}`);

describe('a copy that is well', () => {
  it.each([
    ['of the control plane', readControl()],
    ['of an agent', readAgent()],
  ])('%s is alive and ready, and says so of every check', (_, reading) => {
    for (const verdict of [judgeLife([reading]), judgeReadiness([reading], true)]) {
      expect(verdict.ok).toBe(true);
      expect(verdict.checks.length).toBeGreaterThan(1);
      expect(verdict.checks.every(({ ok, says }) => ok && says !== '')).toBe(true);
    }
  });
});

it('a resolver is ready without NATS, and says how much it knows', () => {
  const { ok, checks } = judgeReadiness([readResolver()], true);
  expect([ok, checks.map(({ check }) => check)]).toEqual([true, ['started', 'names']]);
  expect(checks[1]!.says).toBe('3 on 1 networks');
});

const interrupted = {
  stream: 'MUSTER_COMMANDS',
  restarts: 1,
  interrupted: true,
  flowControls: 0,
  stalls: 0,
  pending: 9,
  measureLateMs: () => 0,
  isSilent: false,
};
const late = { ...interrupted, stream: 'MUSTER_LOG', interrupted: false, measureLateMs: () => 3_200 };

const halted = {
  reason: 'unknown event x',
  record: { seq: 17, subject: 'muster.event.orchestrator.service.s', type: 'x' },
};
const HALTED =
  'halted on record 17 on muster.event.orchestrator.service.s (x by the orchestrator): unknown event x; upgrade every copy to the newest version that is at work here; if the record should not be there, `muster log void 17 --why "…"`';

describe('alive, but not ready, is a copy', () => {
  it.each([
    ['without NATS', readControl({}, { connected: false }), ['nats: not connected']],
    ['whose log does not answer', readControl({ logHead: undefined }), ['log: the log does not answer']],
    ['that is behind', readControl({ logHead: 1_101 }), ['log: 1001 of 1101 records behind']],
    [
      'that has read what the log has no more',
      readControl({ logHead: 2, head: 1_100 }),
      ['log: 1098 records ahead of a log that has 2'],
    ],
    ['that is halted', readControl({ halted }), [`halted: ${HALTED}`]],
    [
      'that does not follow its commands',
      readControl({}, { consumers: [interrupted] }),
      ['commands-followed: interrupted: is being taken up again'],
    ],
    [
      'that is late, if only by a few records',
      readControl({ logHead: 103 }, { consumers: [late] }),
      ['log-followed: late: what has been stored for 3.2 s has not come yet'],
    ],
    [
      'whose store is full',
      readControl(
        {},
        { writes: [{ stream: 'MUSTER_LOG', refusing: 'NATS has no room', full: true, noRoom: 3 }] },
      ),
      ['log-writable: nothing can be stored: NATS has no room'],
    ],
    ['that has not joined', readAgent({ state: 'starting' }), ['joined: starting']],
    ['whose engine is away', readAgent({ engineTrouble: 'connect ENOENT' }), ['engine: connect ENOENT']],
    [
      'whose names are old',
      readResolver({ broken: { 'network-a.json': 'it is missing' } }),
      ['names: network-a.json can not be read: it is missing'],
    ],
    ['whose reports wait', readAgent({ cutOff: true }), ['reports: the log does not take them: they wait']],
  ])('%s', (_, reading, why) => {
    expect(judgeLife([reading]).ok).toBe(true);
    const readiness = judgeReadiness([reading], true);
    expect(readiness.ok).toBe(false);
    expect(wrong(readiness)).toEqual(why);
  });

  it('that is still starting', () => {
    expect(wrong(judgeReadiness([], false))).toEqual(['started: is still starting']);
    expect(judgeLife([]).ok).toBe(true);
  });
});

it('a little lag is no reason', () => {
  expect(judgeReadiness([readControl({ logHead: 1_100 })], true).ok).toBe(true);
});

it('nobody who did not ask the log says anything about it', () => {
  const { logHead: _, ...fold } = readControl().fold!;
  const verdict = judgeReadiness([{ ...readControl(), fold }], true);
  expect(verdict.checks.map(({ check }) => check)).not.toContain('log');
});

describe('neither alive nor ready is a copy', () => {
  it.each([
    ['whose fold has failed', readControl({ failure: 'a gap' }), "fold: can't go on: a gap"],
    ['whose agent has ended', readAgent({ state: 'ended' }), 'agent: ended'],
  ])('%s', (_, reading, why) => {
    expect(wrong(judgeLife([reading]))).toEqual([why]);
    expect(judgeReadiness([reading], true).ok).toBe(false);
  });
});

it('a copy that is halted says so where it is asked whether it is alive', () => {
  const [found] = judgeLife([readControl({ halted })]).checks.filter(({ check }) => check === 'halted');
  expect(found).toMatchObject({ ok: true, says: HALTED });
});

it('says of a thousand agents what is wrong, and the rest once', () => {
  const agents = Array.from({ length: 1000 }, (_, index) =>
    readAgent({ nodeId: `n${index}`, engineTrouble: index % 10 === 0 ? 'it hangs' : undefined }),
  );
  const { ok, checks } = judgeReadiness(agents, true);
  expect(ok).toBe(false);
  expect(checks.length).toBeLessThan(60);
  expect(checks.find((check) => check.check === 'joined')?.says).toBe('well in 1000 copies');
});
