import { agentStates, desiredStates } from '@muster/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GONE_ERROR,
  hasEnded,
  nextStep,
  type Presence,
  type Reached,
  type Step,
  type TaskView,
  type Wanted,
} from './next-step.ts';

function view(wanted: Wanted, reached: Reached, presence: Presence, more: Partial<TaskView> = {}): TaskView {
  return { wanted, reached, presence, exitCode: undefined, error: undefined, ...more };
}

function reach(state: string, message: string, more: Partial<Step> = {}): object {
  return { do: 'reach', state, message, ...more };
}

describe('nextStep', () => {
  const steps: readonly (readonly [string, TaskView, object])[] = [
    // From nothing to running.
    ['accepts a new task', view('running', 'assigned', 'absent'), reach('accepted', 'accepted')],
    ['prepares an accepted one', view('running', 'accepted', 'absent'), reach('preparing', 'preparing')],
    ['asks the backend to prepare it', view('running', 'preparing', 'absent'), { do: 'prepare' }],
    ['tries again after a failure', view('running', 'preparing', 'unknown'), { do: 'prepare' }],
    [
      'is ready once there is a container',
      view('running', 'preparing', 'created'),
      reach('ready', 'prepared'),
    ],
    ['starts a ready one', view('running', 'ready', 'created'), reach('starting', 'starting')],
    ['asks the backend to start it', view('running', 'starting', 'created'), { do: 'start' }],
    ['runs', view('running', 'starting', 'running'), reach('running', 'started')],
    ['rests while it runs', view('running', 'running', 'running'), { do: 'rest' }],
    ['runs a job the same way', view('complete', 'ready', 'created'), reach('starting', 'starting')],
    // Health.
    [
      'waits until it is healthy',
      view('running', 'starting', 'running', { condition: { health: 'starting' } }),
      { do: 'rest' },
    ],
    [
      'waits until it is ready',
      view('running', 'starting', 'running', { condition: { health: 'healthy', readiness: 'starting' } }),
      { do: 'rest' },
    ],
    [
      'runs when it is both',
      view('running', 'starting', 'running', { condition: { health: 'healthy', readiness: 'healthy' } }),
      reach('running', 'started'),
    ],
    [
      'lives while it is not ready',
      view('running', 'running', 'running', { condition: { readiness: 'unhealthy' } }),
      { do: 'rest' },
    ],
    [
      'stops what is unhealthy',
      view('running', 'running', 'running', { condition: { health: 'unhealthy' } }),
      { do: 'stop' },
    ],
    [
      'fails what was unhealthy',
      view('running', 'running', 'exited', { exitCode: 143, condition: { health: 'unhealthy' } }),
      reach('failed', 'started', { err: 'task: non-zero exit (143): unhealthy container', exitCode: 143 }),
    ],
    [
      'fails it though it ends well',
      view('running', 'starting', 'exited', { exitCode: 0, condition: { health: 'unhealthy' } }),
      reach('failed', 'started', { err: 'task: unhealthy container', exitCode: 0 }),
    ],
    // Ready is a place to wait.
    ['prepares a task that is to be ready', view('ready', 'preparing', 'absent'), { do: 'prepare' }],
    ['waits there', view('ready', 'ready', 'created'), { do: 'rest' }],
    ['prepares it again when it is gone', view('ready', 'ready', 'absent'), { do: 'prepare' }],
    // Ends.
    [
      'completes with exit code 0',
      view('running', 'running', 'exited', { exitCode: 0 }),
      reach('complete', 'finished', { exitCode: 0 }),
    ],
    [
      'fails with any other',
      view('running', 'running', 'exited', { exitCode: 137 }),
      reach('failed', 'started', { err: 'task: non-zero exit (137)', exitCode: 137 }),
    ],
    [
      'says why, where the backend does',
      view('running', 'running', 'exited', { exitCode: 137, error: 'OOM killed' }),
      reach('failed', 'started', { err: 'task: non-zero exit (137): OOM killed', exitCode: 137 }),
    ],
    [
      'fails when removed from outside',
      view('running', 'running', 'exited', { error: 'the container was removed' }),
      reach('failed', 'started', { err: 'task: the container was removed' }),
    ],
    [
      'ends though it was never seen to run',
      view('running', 'starting', 'exited', { exitCode: 0 }),
      reach('complete', 'finished', { exitCode: 0 }),
    ],
    // One-shot: what may have run is never started again.
    [
      'fails when its container is gone',
      view('running', 'running', 'absent'),
      reach('failed', 'started', { err: GONE_ERROR }),
    ],
    [
      'fails when it may have run and is gone',
      view('running', 'starting', 'absent'),
      reach('failed', 'started', { err: GONE_ERROR }),
    ],
    [
      'fails when another stands in its place',
      view('running', 'running', 'created'),
      reach('failed', 'started', { err: GONE_ERROR }),
    ],
    ['does not start a failed one', view('running', 'failed', 'created'), { do: 'rest' }],
    ['does not start a complete one', view('running', 'complete', 'absent'), { do: 'rest' }],
    ['stops a failed one that runs after all', view('running', 'failed', 'running'), { do: 'stop' }],
    // Shutdown.
    ['stops a running one', view('shutdown', 'running', 'running'), { do: 'stop' }],
    ['stops it before it was seen to run', view('shutdown', 'starting', 'running'), { do: 'stop' }],
    [
      'is shut down once stopped, whatever the exit code',
      view('shutdown', 'running', 'exited', { exitCode: 143 }),
      reach('shutdown', 'shutdown', { exitCode: 143 }),
    ],
    [
      'is shut down when it was never made',
      view('shutdown', 'assigned', 'absent'),
      reach('shutdown', 'shutdown'),
    ],
    ['is shut down when only prepared', view('shutdown', 'ready', 'created'), reach('shutdown', 'shutdown')],
    ['is shut down when gone', view('shutdown', 'running', 'absent'), reach('shutdown', 'shutdown')],
    ['keeps what ended, for its output', view('shutdown', 'shutdown', 'exited'), { do: 'rest' }],
    ['keeps its end', view('shutdown', 'failed', 'exited'), { do: 'rest' }],
    // Remove and forget.
    ['stops before removing', view('remove', 'running', 'running'), { do: 'stop' }],
    ['says so before removing', view('remove', 'running', 'exited'), reach('shutdown', 'shutdown')],
    ['removes what ended', view('remove', 'shutdown', 'exited'), { do: 'remove' }],
    ['removes what half failed to be made', view('remove', 'rejected', 'unknown'), { do: 'remove' }],
    ['rests when removed', view('remove', 'shutdown', 'absent'), { do: 'rest' }],
    ['removes what is forgotten, even if it runs', view('forget', 'running', 'running'), { do: 'remove' }],
    ['forgets it then', view('forget', 'running', 'absent'), { do: 'forget' }],
    ['forgets what it never knew', view('forget', 'assigned', 'absent'), { do: 'forget' }],
    // Nothing is wanted: look, and leave alone.
    ['reports a stray that runs', view('nothing', 'assigned', 'running'), reach('running', 'started')],
    ['lets a stray run', view('nothing', 'running', 'running'), { do: 'rest' }],
    ['does not stop one that was over', view('nothing', 'failed', 'running'), { do: 'rest' }],
    ['reports a stray that waits', view('nothing', 'assigned', 'created'), reach('ready', 'prepared')],
    ['does not start a stray', view('nothing', 'ready', 'created'), { do: 'rest' }],
    [
      'reports a stray that ended',
      view('nothing', 'assigned', 'exited', { exitCode: 1 }),
      reach('failed', 'started', { err: 'task: non-zero exit (1)', exitCode: 1 }),
    ],
    [
      'reports a stray that is gone',
      view('nothing', 'starting', 'absent'),
      reach('failed', 'started', { err: GONE_ERROR }),
    ],
  ];
  it.each(steps)('%s', (_name, task, step) => {
    expect(nextStep(task)).toEqual(step);
  });

  const wanteds: readonly Wanted[] = ['nothing', ...desiredStates, 'forget'];
  const reacheds: readonly Reached[] = ['assigned', ...agentStates];
  const presences: readonly Presence[] = ['absent', 'unknown', 'created', 'running', 'exited'];
  const anyView = fc.record({
    wanted: fc.constantFrom(...wanteds),
    reached: fc.constantFrom(...reacheds),
    presence: fc.constantFrom(...presences),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
    error: fc.option(fc.constant('OOM killed'), { nil: undefined }),
  });

  it('only ever raises what a task has reached', () => {
    fc.assert(
      fc.property(anyView, (task) => {
        const step = nextStep(task);
        if (step.do !== 'reach') return;
        expect(reacheds.indexOf(step.state)).toBeGreaterThan(reacheds.indexOf(task.reached));
      }),
    );
  });

  it('comes to rest, whatever the backend does', () => {
    const outcomes: Record<string, readonly Presence[]> = {
      prepare: ['unknown', 'created', 'running', 'exited'],
      start: ['running', 'exited'],
      stop: ['exited'],
      remove: ['absent'],
    };
    fc.assert(
      fc.property(anyView, fc.infiniteStream(fc.nat(3)), (first, luck) => {
        let task = first;
        for (let count = 0; count < 40; count += 1) {
          const step = nextStep(task);
          if (step.do === 'rest' || step.do === 'forget') return;
          if (step.do === 'reach') {
            task = { ...task, reached: step.state };
            continue;
          }
          const possible = outcomes[step.do]!;
          const presence = possible[luck.next().value % possible.length]!;
          // A preparation that fails for ever is given up by the runner, not here.
          if (presence === 'unknown' && count > 20) return;
          task = { ...task, presence };
        }
        throw new Error(`it never rests: ${JSON.stringify(first)}`);
      }),
      { numRuns: 500 },
    );
  });

  it('never touches what nobody commands', () => {
    fc.assert(
      fc.property(anyView, (task) => {
        const step = nextStep({ ...task, wanted: 'nothing' });
        expect(['rest', 'reach']).toContain(step.do);
      }),
    );
  });

  it('starts nothing that may have run', () => {
    fc.assert(
      fc.property(anyView, (task) => {
        const step = nextStep(task);
        if (step.do === 'prepare') expect(['starting', 'running']).not.toContain(task.reached);
        if (step.do === 'prepare' || step.do === 'start') expect(hasEnded(task.reached)).toBe(false);
      }),
    );
  });
});
