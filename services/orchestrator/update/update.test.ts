// SwarmKit's rules of an update, each by itself. Every record is a second after the one before: what is watched for is
// given in hours, so that nothing is over before the test says so.
import { TaskState } from '@muster/model';
import { isLive, type Task } from '@muster/state';
import { describe, expect, it, vi } from 'vitest';
import { judgeUpdate } from './judge-update.ts';
import { lowestOutdated } from './outdated-slots.ts';
import { type Rollout, startRollout } from './rollout.fixture.ts';

const HOUR = 3_600_000;
const patient = { monitor: '1h' };

const fails = (task: Task) => (isNew(task) ? 'failed' : 'running');
const isNew = ({ version }: Task) => version.spec.containerSpec.image !== 'web:1';

function stateOf({ service }: Rollout) {
  const { state, message } = service.update!;
  return { state, message };
}

function judge({ service, history }: Rollout) {
  return judgeUpdate(service, history.now);
}

describe('how slots are replaced', () => {
  it('replaces all at once with parallelism 0', () => {
    const rollout = startRollout({ replicas: 3 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { parallelism: 0, ...patient } });
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2']);
  });

  it('stops first unless told otherwise: the new task waits, ready, until the old one has stopped', () => {
    const rollout = startRollout({ replicas: 2 });
    rollout.apply({ image: 'web:2', replicas: 2, update: patient });
    const [made] = rollout.updated();
    expect(made!.desired).toBe(TaskState.READY);
    expect(made!.older!.desired).toBe(TaskState.SHUTDOWN);
    rollout.play((task) => (task.id === made!.id ? 'stays' : 'running'));
    expect(made!.desired).toBe(TaskState.RUNNING);
    expect(rollout.images()).toEqual(['web:2', 'web:1']);
  });

  it('starts first where told to: the old task stops once the new one runs', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: { order: 'start-first', ...patient } });
    expect(rollout.images()).toEqual(['web:1', 'web:2']);
    expect(rollout.updated()[0]!.desired).toBe(TaskState.RUNNING);
    rollout.play();
    expect(rollout.images()).toEqual(['web:2']);
  });

  it('takes the lowest slots first, and those that were passed over in their turn', () => {
    const rollout = startRollout({ replicas: 12 });
    rollout.apply({ image: 'web:2', replicas: 12, update: { parallelism: 5, ...patient } });
    const numbers = () => rollout.updated().map(({ slot }) => slot.number);
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
    rollout.play((task) => (task.slot.number === 2 && isNew(task) ? 'stays' : 'running'));
    expect(numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('looks at no slot twice to find the next one, however many there are', () => {
    const replicas = 500;
    const { history, apply, service: read } = startRollout({ replicas });
    apply({ image: 'web:2', replicas });
    const service = history.state.services.get(read.id)!;
    const look = vi.spyOn(service.slots, 'get');
    for (let left = service.outdated.size; left > 0; left -= 1) {
      const [next] = lowestOutdated(service);
      service.outdated.deleteRow(next!.row);
    }
    // The one that was found last is looked at once more.
    expect(look.mock.calls.length).toBeLessThanOrEqual(2 * replicas);
  });

  it('replaces nothing where only another placement is asked for that the node meets, and all where it does not', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ placement: ['node.hostname==n1'] });
    rollout.play();
    expect(rollout.updated()).toEqual([]);
    expect(rollout.service.update).toBeUndefined();
    rollout.apply({ placement: ['node.hostname==n2'] });
    expect(rollout.updated()).toHaveLength(1);
    expect(stateOf(rollout).state).toBe('updating');
  });

  it('updates what is there before it creates what is missing', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', replicas: 3, update: patient });
    rollout.play();
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2']);
    expect(rollout.updated().map(({ slot }) => slot.number)).toEqual([1]);
    expect(rollout.service.update!.total).toBe(1);
  });

  it('counts no slot that goes, rather than being replaced', () => {
    const rollout = startRollout({ replicas: 4 });
    rollout.apply({ image: 'web:2', replicas: 2, update: { ...patient, maxFailureRatio: 0.4 } });
    expect(rollout.service.update!.total).toBe(2);
    rollout.play(fails);
    expect(stateOf(rollout).state).toBe('paused');
  });

  it('waits for ever for a task that does not come to run', () => {
    const rollout = startRollout({ replicas: 2 });
    rollout.apply({ image: 'web:2', replicas: 2, update: patient });
    rollout.pass(1000 * HOUR, (task) => (isNew(task) ? 'stays' : 'running'));
    expect(rollout.images()).toEqual(['web:2', 'web:1']);
    expect(judge(rollout)).toEqual({ verdict: 'go on' });
  });

  it('counts the delay from when a task came to run, whatever became of it since', () => {
    const rollout = startRollout({ replicas: 2, restart: { delay: 0 } });
    const update = { delay: '1h', failureAction: 'continue' };
    rollout.apply({ image: 'web:2', replicas: 2, update, restart: { delay: 0 } });
    rollout.play();
    const [first] = rollout.updated();
    rollout.history.wait(HOUR / 2);
    rollout.end(first!);
    rollout.play();
    expect(rollout.images()).toEqual(['web:2', 'web:1']);
    rollout.pass(HOUR / 2);
    expect(rollout.images()).toEqual(['web:2', 'web:2']);
  });

  it('lets each of those that are replaced at once have its own delay', () => {
    const rollout = startRollout({ replicas: 4 });
    rollout.apply({ image: 'web:2', replicas: 4, update: { delay: '1h', parallelism: 2 } });
    rollout.play((task) => (isNew(task) && task.slot.number === 2 ? 'stays' : 'running'));
    rollout.pass(HOUR / 2);
    rollout.pass(HOUR / 2);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2', 'web:1']);
    rollout.pass(HOUR / 2);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2', 'web:2']);
  });

  it('keeps the delay where the log says nothing of updates, as at the first wire version', () => {
    const rollout = startRollout({ replicas: 3 }, { wire: 1 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { delay: '1h' } });
    rollout.play();
    expect(rollout.service.update).toBeUndefined();
    expect(rollout.images()).toEqual(['web:2', 'web:1', 'web:1']);
    rollout.pass(HOUR);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:1']);
    rollout.pass(HOUR);
    rollout.pass(100 * HOUR);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2']);
  });
});

describe('a cluster whose version is raised in the midst of an update', () => {
  it('ends that as it began, and watches the next one', () => {
    const rollout = startRollout({ replicas: 3 }, { wire: 1 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { parallelism: 1 } });
    rollout.history.append({ type: 'cluster.version_raised', cause: 1, version: 2 });
    rollout.play(fails);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2']);
    expect(rollout.service.update).toBeUndefined();
    rollout.apply({ image: 'web:3', replicas: 3, update: patient });
    rollout.play(fails);
    expect(stateOf(rollout).state).toBe('paused');
  });
});

describe('what counts as a failure', () => {
  const replicas = 2;
  const update = { monitor: '1h', maxFailureRatio: 1 };

  function updateOne(settings: object = update): Rollout {
    const rollout = startRollout({ replicas });
    rollout.apply({ image: 'web:2', replicas, update: settings });
    return rollout;
  }

  it('a task that never came to run', () => {
    const rollout = updateOne({ ...update, parallelism: 0 });
    rollout.play((task) => (isNew(task) && task.slot.number === 1 ? 'failed' : 'running'));
    expect(rollout.service.update).toMatchObject({ total: 2, failed: 1 });
  });

  it('a task that ends within the monitor period, however it ends', () => {
    const rollout = updateOne();
    rollout.play();
    rollout.history.wait(HOUR / 2);
    rollout.end(rollout.updated()[1]!);
    expect(rollout.service.update!.failed).toBe(1);
    expect(rollout.service.update!.failedTask!.id).toBe(rollout.updated()[1]!.id);
  });

  it('no task that ends later', () => {
    const rollout = updateOne({ ...update, delay: '10h' });
    rollout.play();
    rollout.history.wait(2 * HOUR);
    rollout.end(rollout.updated()[0]!);
    expect(rollout.service.update!.failed).toBe(0);
  });

  it('with nothing left to replace, one that ends within the delay and a second, where that is longer', () => {
    const rollout = updateOne({ ...update, parallelism: 0, delay: '10h' });
    rollout.play();
    rollout.history.wait(2 * HOUR);
    rollout.end(rollout.updated()[0]!);
    expect(rollout.service.update!.failed).toBe(1);
  });

  it('no task that the update did not make: of the old version, restarted, or made before the spec was set again', () => {
    const rollout = startRollout({ replicas: 3 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { ...update, delay: '100h' } });
    rollout.play();
    const [made, ...old] = [...rollout.service.tasks.values()].filter(isLive);
    rollout.end(...old);
    expect(rollout.service.update!.failed).toBe(0);
    rollout.apply({ image: 'web:2', replicas: 4, update: { ...update, delay: '100h' } });
    rollout.end(made!);
    expect(rollout.service.update).toMatchObject({ state: 'updating', failed: 0 });
  });

  it('no task that was told to stop', () => {
    const rollout = updateOne();
    rollout.play();
    rollout.apply({ image: 'web:3', replicas, update });
    rollout.play();
    expect(rollout.service.update!.failed).toBe(0);
  });
});

describe('an update that fails', () => {
  it('pauses, and replaces nothing until the service is updated again', () => {
    const rollout = startRollout({ replicas: 3 });
    const update = { failureAction: 'pause', parallelism: 1, delay: '500ms', monitor: '500ms' };
    rollout.apply({ image: 'web:2', replicas: 3, update });
    rollout.play(fails);
    const [failed] = rollout.updated();
    expect(stateOf(rollout)).toEqual({
      state: 'paused',
      message: `update paused due to failure or early termination of task ${failed!.id}`,
    });
    expect(rollout.service.update!.completedAt).toBeUndefined();
    rollout.pass(100 * HOUR);
    expect(rollout.images()).toEqual(['web:2', 'web:1', 'web:1']);
    rollout.apply({ image: 'web:3', replicas: 3, update });
    rollout.play();
    rollout.pass(HOUR);
    rollout.pass(HOUR);
    expect(rollout.images()).toEqual(['web:3', 'web:3', 'web:3']);
  });

  it('goes on where told to, and is completed', () => {
    const rollout = startRollout({ replicas: 3 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { failureAction: 'continue', ...patient } });
    rollout.play(fails);
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2']);
    rollout.pass(HOUR, fails);
    expect(stateOf(rollout)).toEqual({ state: 'completed', message: 'update completed' });
  });

  it('is acted on when more than the ratio have failed, and not when as many have', () => {
    const rollout = startRollout({ replicas: 4 });
    rollout.apply({ image: 'web:2', replicas: 4, update: { maxFailureRatio: 0.25, ...patient } });
    rollout.play((task) => (isNew(task) && task.slot.number === 1 ? 'failed' : 'running'));
    expect(judge(rollout).verdict).toBe('go on');
    expect(rollout.images()).toEqual(['web:2', 'web:2', 'web:2', 'web:2']);
    rollout.end(rollout.updated()[3]!);
    expect(judge(rollout).verdict).toBe('pause');
  });

  it('compares in single precision, as SwarmKit does', () => {
    const rollout = startRollout({ replicas: 3 });
    rollout.apply({ image: 'web:2', replicas: 3, update: { maxFailureRatio: 0.33333333, ...patient } });
    rollout.play((task) => (isNew(task) && task.slot.number === 1 ? 'failed' : 'running'));
    expect(judge(rollout).verdict).toBe('go on');
  });

  it('goes back to the spec before where told to, replaces what it had replaced, and is completed', () => {
    const rollout = startRollout({ replicas: 4 });
    const update = { failureAction: 'rollback', maxFailureRatio: 0.4, parallelism: 1, ...patient };
    const before = rollout.service.spec;
    rollout.apply({ image: 'web:2', replicas: 4, update, rollback: { parallelism: 0 } });
    const startedAt = rollout.service.update!.startedAt;
    const made: Task[] = [];
    rollout.play((task) => {
      if (!isNew(task)) return 'running';
      made.push(task);
      return made.length % 2 === 1 ? 'failed' : 'running';
    });
    expect(made).toHaveLength(3);
    expect(stateOf(rollout)).toEqual({
      state: 'rollback_started',
      message: `update rolled back due to failure or early termination of task ${made[2]!.id}`,
    });
    expect(rollout.service.update).toMatchObject({ startedAt, total: 3, failed: 0 });
    expect(rollout.service.spec).toEqual(before);
    expect(rollout.service.previousSpec).toBeUndefined();
    expect(rollout.images()).toEqual(['web:1', 'web:1', 'web:1', 'web:1']);
    rollout.pass(HOUR);
    expect(stateOf(rollout)).toEqual({ state: 'rollback_completed', message: 'rollback completed' });
    expect(rollout.service.update!.completedAt).toBeDefined();
  });

  it('goes back at once where its only task failed, without the restart delay', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: { failureAction: 'rollback' } });
    rollout.play(fails);
    expect(rollout.images()).toEqual(['web:1']);
    expect(rollout.updated().at(-1)!.observed).toBe(TaskState.RUNNING);
  });

  it('pauses where there is nothing to go back to', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: { failureAction: 'rollback', ...patient } });
    rollout.play((task) => (isNew(task) ? 'stays' : 'running'));
    rollout.end(rollout.updated()[0]!);
    expect(judge(rollout)).toEqual({ verdict: 'roll back' });
    rollout.history.state.services.get(rollout.service.id)!.previousSpec = undefined;
    expect(judge(rollout)).toEqual({ verdict: 'pause' });
  });

  it('says which report it answers', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: patient });
    rollout.play((task) => (isNew(task) ? 'stays' : 'running'));
    rollout.end(rollout.updated()[0]!);
    const reported = rollout.history.state.head;
    rollout.play();
    const last = rollout.history.records.findLast(({ data }) =>
      /update_ended/.test(Buffer.from(data).toString()),
    );
    expect(JSON.parse(Buffer.from(last!.data).toString())).toMatchObject({ cause: reported });
  });
});

describe('a rollback', () => {
  /** From a service whose first spec says what its rollbacks do. */
  function rollBackTo(rollback: object): Rollout {
    const rollout = startRollout({ replicas: 2, rollback: { ...patient, ...rollback } });
    rollout.apply({ image: 'web:2', replicas: 2, update: { parallelism: 0, ...patient } });
    rollout.play();
    rollout.rollBack();
    return rollout;
  }
  const failsBack = (task: Task) => (isNew(task) ? 'running' : 'failed');

  it('is asked for by hand, at the pace of its own configuration', () => {
    const rollout = rollBackTo({ parallelism: 1 });
    expect(stateOf(rollout)).toEqual({ state: 'rollback_started', message: 'manually requested rollback' });
    expect(rollout.images()).toEqual(['web:1', 'web:2']);
    rollout.play();
    rollout.pass(HOUR);
    expect(stateOf(rollout).state).toBe('rollback_completed');
  });

  it('asked for by hand again goes forward again', () => {
    const rollout = rollBackTo({ parallelism: 0 });
    rollout.play();
    rollout.rollBack();
    rollout.play();
    expect(rollout.images()).toEqual(['web:2', 'web:2']);
  });

  it('with nothing to replace is completed at once', () => {
    const rollout = startRollout({ replicas: 2 });
    rollout.apply({ replicas: 2, labels: { a: 'b' } });
    expect(rollout.service.update).toBeUndefined();
    rollout.rollBack();
    expect(stateOf(rollout).state).toBe('rollback_completed');
    expect(rollout.service.spec.labels).toEqual({});
  });

  it('that fails pauses, and never rolls back', () => {
    const rollout = rollBackTo({ failureAction: 'pause' });
    rollout.play(failsBack);
    const failed = rollout.updated().findLast((task) => !isNew(task));
    expect(stateOf(rollout)).toEqual({
      state: 'rollback_paused',
      message: `rollback paused due to failure or early termination of task ${failed!.id}`,
    });
    rollout.pass(100 * HOUR);
    expect(rollout.images()).toEqual(['web:1', 'web:2']);
  });

  it('that fails goes on where told to, and is completed', () => {
    const rollout = rollBackTo({ failureAction: 'continue' });
    rollout.play(failsBack);
    rollout.pass(HOUR, failsBack);
    expect(stateOf(rollout).state).toBe('rollback_completed');
    expect(rollout.images()).toEqual(['web:1', 'web:1']);
  });

  it('is refused where there is no spec to go back to', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.rollBack();
    expect(rollout.service.update).toBeUndefined();
    expect(Buffer.from(rollout.history.records.at(-1)!.data).toString()).toContain(
      'service web does not have a previous spec',
    );
  });
});

describe('an update is done', () => {
  it('one monitor period after its last task came to run, and not before', () => {
    const rollout = startRollout({ replicas: 2 });
    rollout.apply({ image: 'web:2', replicas: 2, update: patient });
    rollout.play();
    const { settledAt } = rollout.service.update!;
    expect(settledAt).toBe(rollout.updated()[1]!.observedAt);
    expect(judge(rollout)).toEqual({ verdict: 'go on', wakeAt: settledAt + HOUR });
    expect(judgeUpdate(rollout.service, settledAt + HOUR - 1).verdict).toBe('go on');
    expect(judgeUpdate(rollout.service, settledAt + HOUR)).toEqual({ verdict: 'done' });
    rollout.pass(HOUR);
    expect(stateOf(rollout)).toEqual({ state: 'completed', message: 'update completed' });
    expect(rollout.service.update!.completedAt).toBeGreaterThanOrEqual(settledAt + HOUR);
  });

  it('after the last delay, and that and a second more, where the delay is not shorter than the monitor period', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: { delay: '1h', monitor: '1h' } });
    rollout.play();
    const { settledAt } = rollout.service.update!;
    expect(judge(rollout)).toEqual({ verdict: 'go on', wakeAt: settledAt + HOUR + HOUR + 1000 });
  });

  it('at once where there is nothing to replace', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: patient });
    const nothing = { ...rollout.service.update!, total: 0 };
    expect(judgeUpdate({ ...rollout.service, update: nothing }, rollout.history.now)).toEqual({
      verdict: 'done',
    });
  });

  it('never, where the service is removed', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: patient });
    rollout.play();
    rollout.history.state.services.get(rollout.service.id)!.removed = true;
    expect(judgeUpdate(rollout.service, rollout.history.now + 10 * HOUR)).toEqual({ verdict: 'go on' });
  });

  it('and what fails later is no matter', () => {
    const rollout = startRollout({ replicas: 1 });
    rollout.apply({ image: 'web:2', update: patient });
    rollout.play();
    rollout.pass(HOUR);
    rollout.end(rollout.updated()[0]!);
    rollout.play(() => 'stays');
    expect(rollout.service.update).toMatchObject({ state: 'completed', failed: 0 });
  });
});

describe('a service that is updated while it is updated', () => {
  it('begins another update, which knows nothing of the one before, and goes back to the spec of that', () => {
    const rollout = startRollout({ replicas: 3 });
    const update = { failureAction: 'rollback', maxFailureRatio: 0.4, ...patient };
    rollout.apply({ image: 'web:2', replicas: 3, update });
    rollout.play((task) => (isNew(task) && task.slot.number === 2 ? 'stays' : 'running'));
    rollout.apply({ image: 'web:3', replicas: 3, update });
    expect(rollout.service.update).toMatchObject({ state: 'updating', total: 3, failed: 0 });
    rollout.play();
    rollout.end(...rollout.updated().slice(-2));
    rollout.play();
    expect(new Set(rollout.images())).toEqual(new Set(['web:2']));
  });
});

describe('an orchestrator that is killed', () => {
  it.each(['pause', 'continue', 'rollback'])('at any moment changes nothing: %s', (failureAction) => {
    const story = (kill: (rollout: Rollout) => void) => {
      const rollout = startRollout({ replicas: 4 });
      rollout.apply({
        image: 'web:2',
        replicas: 4,
        update: { failureAction, maxFailureRatio: 0.3, ...patient },
      });
      let made = 0;
      for (let step = 0; step < 30; step += 1) {
        kill(rollout);
        rollout.pass(HOUR / 4, (task) => {
          if (!isNew(task)) return 'running';
          made += 1;
          return made % 2 === 1 ? 'failed' : 'running';
        });
      }
      return { ...stateOf(rollout), images: rollout.images() };
    };
    expect(story((rollout) => rollout.killOrchestrator())).toEqual(story(() => undefined));
  });
});
