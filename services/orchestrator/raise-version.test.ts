import { BEAT_MS, GONE_AFTER_MS, type HeardOf } from '@muster/runtime';
import { createService, describeNode, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { raiseVersion, type VersionRaising } from './raise-version.ts';
import { LISTEN_MS, REMEMBER_MS } from './roll-call.ts';

const roles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api'];
type History = ReturnType<typeof startHistory>;

let history: History;
let raising: VersionRaising;
let now: number;
/** What each copy says in each beat. */
let saying: Map<string, Partial<HeardOf>>;

beforeEach(() => {
  history = startHistory();
  history.append({ type: 'cluster.created', cause: 0, clusterId: 'c1', name: 'muster' });
  createService(history, 'web');
  raising = raiseVersion(2);
  now = history.now;
  saying = new Map(roles.map((role) => [`${role} new`, { reads: 2 }]));
});

function hear(key: string, words: Partial<HeardOf> = {}): void {
  const [role, copy] = key.split(' ') as [string, string];
  raising.hear({ role, copy, word: 'here', reads: 1, title: `${role}-1 on a`, ...words }, now);
}

/** Lets beats pass; what is decided meanwhile. */
function listen(ms: number) {
  for (const end = now + ms; now < end; now += BEAT_MS) {
    for (const [key, words] of saying) hear(key, words);
    const [decision] = raising.decide(history.state, now);
    if (decision) return decision;
  }
  return undefined;
}

const raised = {
  event: { type: 'cluster.version_raised', cause: 1, version: 2 },
  expect: 1,
};

describe('the version of the cluster', () => {
  it('is raised when all have been listened to for long enough', () => {
    const startedAt = now;
    expect(listen(LISTEN_MS + 5 * BEAT_MS)).toEqual(raised);
    expect(now - startedAt).toBeGreaterThanOrEqual(LISTEN_MS);
    history.append(raised.event as never);
    expect(listen(LISTEN_MS)).toBeUndefined();
    expect(raising.nextWake()).toBeUndefined();
    expect(raising.obstacles(history.state, now)).toBeUndefined();
  });

  it('is raised almost at once where nothing was asked of it yet', () => {
    history = startHistory();
    history.append({ type: 'cluster.created', cause: 0, clusterId: 'c1', name: 'muster' });
    const startedAt = now;
    expect(listen(LISTEN_MS)).toEqual(raised);
    expect(now - startedAt).toBeLessThanOrEqual(2 * BEAT_MS);
  });

  it('looks once a second while there is something to raise', () => {
    expect(raising.nextWake()).toBeUndefined();
    raising.decide(history.state, now);
    expect(raising.nextWake()).toBe(now + 1_000);
  });

  it('waits for every copy that reads less, and names it', () => {
    saying.set('scheduler old', { reads: 1 });
    expect(listen(5 * LISTEN_MS)).toBeUndefined();
    expect(raising.obstacles(history.state, now)).toEqual({
      version: 2,
      unheard: [],
      copies: [expect.objectContaining({ role: 'scheduler', title: 'scheduler-1 on a', reads: 1 })],
      nodes: [],
    });
    saying.delete('scheduler old');
    hear('scheduler old', { word: 'bye' });
    expect(listen(GONE_AFTER_MS + 2 * BEAT_MS)).toEqual(raised);
  });

  it('waits a minute for one that has fallen silent', () => {
    saying.set('api old', {});
    listen(2 * LISTEN_MS);
    saying.delete('api old');
    const silentFrom = now;
    expect(listen(2 * REMEMBER_MS)).toEqual(raised);
    expect(now - silentFrom).toBeGreaterThanOrEqual(REMEMBER_MS - BEAT_MS);
  });

  it.each(roles)('waits for a copy of the %s', (role) => {
    saying.delete(`${role} new`);
    expect(listen(3 * LISTEN_MS)).toBeUndefined();
    expect(raising.obstacles(history.state, now)).toMatchObject({ unheard: [role] });
  });

  it('waits for nodes whose agents read less, unless they are down', () => {
    history.append({
      type: 'node.joined',
      cause: 0,
      nodeId: 'n1',
      session: 's',
      description: describeNode('n1'),
    });
    expect(listen(3 * LISTEN_MS)).toBeUndefined();
    expect(raising.obstacles(history.state, now)).toMatchObject({ nodes: [{ hostname: 'n1', reads: 1 }] });
    history.append({ type: 'node.status_changed', cause: 2, nodeId: 'n1', status: 'down', message: '' });
    expect(listen(3 * LISTEN_MS)).toEqual(raised);
  });

  it('starts to listen anew when nothing at all was heard for a while', () => {
    listen(LISTEN_MS - 2 * BEAT_MS);
    now += 2 * GONE_AFTER_MS;
    const hearingAgain = now;
    expect(listen(2 * LISTEN_MS)).toEqual(raised);
    expect(now - hearingAgain).toBeGreaterThanOrEqual(LISTEN_MS);
  });

  it('is not raised while nothing is heard', () => {
    listen(LISTEN_MS);
    now += 2 * GONE_AFTER_MS;
    expect(raising.decide(history.state, now)).toEqual([]);
  });

  it('lives through a clock that is set back', () => {
    saying.set('api old', {});
    listen(2 * LISTEN_MS);
    now -= 60 * 60_000;
    expect(listen(2 * LISTEN_MS)).toBeUndefined();
    saying.delete('api old');
    expect(listen(2 * REMEMBER_MS)).toEqual(raised);
  });

  it('is raised no further than this build reads, nor than all read', () => {
    raising = raiseVersion(5);
    for (const role of roles) saying.set(`${role} new`, { reads: 7 });
    expect(listen(2 * LISTEN_MS)).toMatchObject({ event: { version: 5 } });
    raising = raiseVersion(5);
    saying.set('api other', { reads: 3 });
    expect(listen(2 * LISTEN_MS)).toMatchObject({ event: { version: 3 } });
  });

  it('stays where the log does not say whose it is', () => {
    history = startHistory();
    expect(listen(3 * LISTEN_MS)).toBeUndefined();
  });
});

describe('invented words', () => {
  it('that say goodbye for an old copy do not hide it', () => {
    saying.set('api old', {});
    for (let turn = 0; turn < 100; turn += 1) {
      hear('api old', { word: 'bye' });
      expect(listen(BEAT_MS)).toBeUndefined();
    }
  });

  it('that say more for an old copy than it does are not believed', () => {
    saying.set('api old', {});
    listen(BEAT_MS);
    for (let turn = 0; turn < 100; turn += 1) {
      hear('api old', { reads: 2 });
      expect(listen(BEAT_MS)).toBeUndefined();
      hear('api old', { reads: 2 });
      expect(raising.decide(history.state, now)).toEqual([]);
    }
  });

  it('about more copies than anybody has delay it', () => {
    for (let index = 0; index < 20_000; index += 1) hear(`api ghost${index}`, { reads: 2 });
    saying.set('api old', {});
    expect(listen(REMEMBER_MS)).toBeUndefined();
  });
});
