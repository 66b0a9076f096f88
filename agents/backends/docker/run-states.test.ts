import { describe, expect, it } from 'vitest';
import type { Labels } from './labels.ts';
import { type ContainerEvent, type Inspection, readEvents, readInspection } from './run-states.ts';

const owner = { clusterName: 'c', nodeId: 'n' };
const labels: Labels = {
  'muster.cluster': 'c',
  'com.docker.swarm.node.id': 'n',
  'com.docker.swarm.task.id': 't',
};
const startedAt = '2026-01-02T03:04:05.678901234Z';
const never = '0001-01-01T00:00:00Z';

function inspection(state: Partial<Inspection['State']>): Inspection {
  const still = { ExitCode: 0, Error: '', OOMKilled: false, StartedAt: never, FinishedAt: never };
  return { Id: 'id', Config: { Labels: labels }, State: { Status: 'created', ...still, ...state } };
}

describe('an inspected container', () => {
  it.each([
    ['never started', {}, { status: 'created' }],
    ['running', { Status: 'running', StartedAt: startedAt }, { status: 'running', startedAt: 1767323045678 }],
    ['paused', { Status: 'paused', StartedAt: startedAt }, { status: 'running', startedAt: 1767323045678 }],
    [
      'ended',
      { Status: 'exited', ExitCode: 3, StartedAt: startedAt, FinishedAt: startedAt },
      { status: 'exited', exitCode: 3, startedAt: 1767323045678, finishedAt: 1767323045678 },
    ],
    [
      'unhealthy',
      { Status: 'running', StartedAt: startedAt, Health: { Status: 'unhealthy' } },
      { status: 'running', startedAt: 1767323045678, health: 'unhealthy' },
    ],
    [
      'not checked',
      { Status: 'running', StartedAt: startedAt, Health: { Status: 'none' } },
      { status: 'running', startedAt: 1767323045678 },
    ],
    ['dead', { Status: 'dead', ExitCode: 137 }, { status: 'exited', exitCode: 137 }],
    [
      'out of memory',
      { Status: 'exited', ExitCode: 137, OOMKilled: true },
      { status: 'exited', exitCode: 137, error: 'OOM killed: the container ran out of memory' },
    ],
    [
      'failed to start',
      { ExitCode: 127, Error: 'executable file not found' },
      { status: 'exited', exitCode: 127, error: 'executable file not found' },
    ],
  ])('%s', (_, state, expected) => {
    expect(readInspection('t', inspection(state))).toEqual({ taskId: 't', runId: 'id', ...expected });
  });
});

describe('the engine’s events', () => {
  const event = (Action: string, attributes: Labels = {}, ID = 'id'): ContainerEvent => ({
    Action,
    Actor: { ID, Attributes: { ...labels, ...attributes } },
    timeNano: 1_767_323_045_678_000_000 + 512_000,
  });
  const read = (events: readonly ContainerEvent[], removing: readonly string[] = []) => {
    const readEvent = readEvents(
      owner,
      (id) => removing.includes(id),
      (id) => id === 'checked',
    );
    return events.flatMap((each) => readEvent(each) ?? []);
  };
  const time = 1767323045678;

  it('tell a start, and an end with its exit code', () => {
    expect(read([event('start'), event('die', { exitCode: '3' })])).toEqual([
      { taskId: 't', runId: 'id', status: 'running', startedAt: time },
      { taskId: 't', runId: 'id', status: 'exited', exitCode: 3, finishedAt: time },
    ]);
  });

  it('tell how a task is, and of one that is checked that it is not known to be healthy when it starts', () => {
    const checked = { 'com.docker.swarm.task.id': 'checked' };
    expect(read([event('start', checked), event('health_status: healthy', checked)])).toEqual([
      { taskId: 'checked', runId: 'id', status: 'running', health: 'starting', startedAt: time },
      { taskId: 'checked', runId: 'id', status: 'running', health: 'healthy' },
    ]);
  });

  it('tell who ran out of memory', () => {
    expect(read([event('oom'), event('die', { exitCode: '137' })])).toMatchObject([
      { exitCode: 137, error: 'OOM killed: the container ran out of memory' },
    ]);
    expect(read([event('oom', {}, 'other'), event('die', { exitCode: '137' })])).toEqual([
      expect.not.objectContaining({ error: expect.anything() }),
    ]);
  });

  it('tell a removal that comes as a surprise', () => {
    expect(read([event('destroy')])).toMatchObject([
      { status: 'exited', error: 'the container was removed from outside' },
    ]);
    expect(read([event('destroy')], ['id'])).toEqual([]);
    expect(read([event('die', { exitCode: '0' }), event('destroy')])).toHaveLength(1);
  });

  it.each([
    ['another cluster', { 'muster.cluster': 'd' }],
    ['another node', { 'com.docker.swarm.node.id': 'm' }],
  ])('tell nothing of %s', (_, foreign) => {
    expect(read([event('start', foreign), event('die', { ...foreign, exitCode: '1' })])).toEqual([]);
  });
});
