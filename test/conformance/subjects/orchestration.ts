// What the orchestrator does with the tasks of a service: restarts them, gives them up, forgets them, replaces them.
import { parseTaskState, type TaskStateName } from '@muster/model';
import { createOrchestrator, shouldRestart } from '@muster/orchestrator';
import { isHistory, isOutdated, isOver } from '@muster/state';
import {
  assign,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  replaceTasks,
  report,
  serviceNamed,
  settle,
  startHistory,
  updateService,
} from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

const jobsLater = (row: Row) => (String(row.mode).includes('job') ? 'jobs do not exist yet' : undefined);

interface RestartRow {
  readonly condition: string;
  readonly observed: TaskStateName;
  readonly maxAttempts: number;
  readonly windowMs?: number;
  readonly restartsSoFar?: number;
  readonly restartAgesMs?: readonly number[];
  readonly specVersionChangedSince?: boolean;
}

export const restartPolicy: Subject = {
  skip: jobsLater,
  expect: (row) => row.restart,
  start: () => (row) => {
    const { condition, observed, maxAttempts, windowMs = 0, ...past } = row as unknown as RestartRow;
    const history = startHistory();
    const service = createService(history, 'web', {
      restart: { condition, maxAttempts, window: windowMs * 1e6 },
    });
    const task = history.state.tasks.get(createTasks(history, service)[0]!)!;
    task.observed = parseTaskState(observed)!;
    const ages = past.restartAgesMs ?? Array.from({ length: past.restartsSoFar ?? 0 }, () => 0);
    task.slot.restartedAt = ages.map((age) => task.observedAt - age);
    task.slot.restartsOf = past.specVersionChangedSince ? task.version.seq - 1 : task.version.seq;
    return shouldRestart(task);
  },
};

type ScaleTask = readonly [name: string, slot: number, node: string | null, observed: TaskStateName];
interface ScaleStep {
  readonly replicas: number;
  readonly removed: readonly string[];
}

/** The names of the tasks that each step removes, in order of name. */
export const scaleDown: Subject = {
  expect: (row) => (row.steps as readonly ScaleStep[]).map(({ removed }) => [...removed].sort()),
  start: () => (row) => {
    const tasks = row.tasks as readonly ScaleTask[];
    const history = startHistory();
    const service = createService(history, 'web', { replicas: tasks.length });
    for (const node of new Set(tasks.flatMap(([, , id]) => id ?? []))) joinReadyNode(history, node);
    const ids = replaceTasks(
      history,
      service,
      tasks.map(([, slot]) => slot),
    );
    const nameById = new Map(ids.map((id, index) => [id, tasks[index]![0]]));
    for (const [index, [, , node, observed]] of tasks.entries()) {
      if (node === null) continue;
      assign(history, node, ids[index]!);
      report(history, node, { id: ids[index]!, state: observed });
    }
    const orchestrator = createOrchestrator();
    return (row.steps as readonly ScaleStep[]).map(({ replicas }) => {
      const before = new Set(listWanted(history));
      history.intend('scale', 'web', { replicas });
      settle(history, orchestrator);
      for (const id of listWanted(history)) before.delete(id);
      return [...before].map((id) => nameById.get(id)!).sort();
    });
  },
};

function listWanted({ state }: History): string[] {
  const remove = parseTaskState('remove')!;
  return [...serviceNamed(state, 'web').tasks.values()]
    .filter((task) => task.desired < remove)
    .map(({ id }) => id);
}

/** Is this state one of a task that history may lose? */
export const reaperHistory: Subject = {
  expect: (row) => row.deletedWhenOverHistoryLimit,
  start: () => (row) => isHistory(statesOf(row)),
};

export const reaperInit: Subject = {
  expect: (row) => row.removed,
  start: () => (row) => {
    const task = statesOf(row);
    return task.desired === parseTaskState('remove') && isOver(task);
  },
};

function statesOf(row: Row) {
  return { desired: parseTaskState(String(row.desired))!, observed: parseTaskState(String(row.actual))! };
}

const changes: Readonly<Record<string, object>> = {
  none: {},
  image: { image: 'other' },
  'endpoint spec differs from task.Endpoint.Spec': { ports: [{ target: 80, mode: 'host' }] },
  'replica count': { replicas: 7 },
  'update config': { update: { parallelism: 5 } },
};

export const dirtyTask: Subject = {
  skip: ({ change }) =>
    String(change).startsWith('constraints only')
      ? 'an unparsable constraint is refused, not ignored'
      : undefined,
  expect: (row) => row.dirty,
  start: () => (row) => {
    const history = startHistory();
    const service = createService(history, 'web', { image: 'one' });
    const task = history.state.tasks.get(createTasks(history, service)[0]!)!;
    const change = changes[String(row.change)];
    if (!change) throw new Error(`no such change here: ${row.change}`);
    updateService(history, service, { image: 'one', ...change });
    return isOutdated(task);
  },
};
