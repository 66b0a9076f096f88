// How many tasks of a service run, and how many are wanted.
import { answerQuery } from '@muster/api';
import type { TaskStateName } from '@muster/model';
import type { Service } from '@muster/state';
import {
  assign,
  changeStatus,
  coverNodes,
  createService,
  createTasks,
  desire,
  type History,
  joinReadyNode,
  removeService,
  report,
  startHistory,
} from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

/** So many tasks, what was observed of them, and what they are to be. */
type Tasks = readonly [count: number, observed: TaskStateName, desired: 'running' | 'shutdown'];

export const statusCounts: Subject = {
  skip: ({ mode }) => (String(mode).includes('job') ? 'jobs do not exist yet' : undefined),
  expect: (row) => row.expect,
  start: () => (row) => {
    const history = startHistory({ wire: 2 });
    const service = row.mode === 'global' ? spreadGlobal(history, row) : fillSlots(history, row);
    const shown = answerQuery(history.state, 'service.inspect', { service: service.id });
    return shown.ok ? { running: shown.answer.running, desired: shown.answer.replicas } : undefined;
  },
};

function fillSlots(history: History, row: Row): Service {
  joinReadyNode(history, 'n');
  const service = createService(history, 'web', { replicas: row.replicas });
  for (const [count, observed, desired] of row.tasks as readonly Tasks[]) {
    const ids = createTasks(history, service, count);
    assign(history, 'n', ...ids);
    report(history, 'n', ...ids.map((id) => ({ id, state: observed })));
    if (desired === 'shutdown' && !row.serviceDeleted) desire(history, service, desired, ...ids);
  }
  if (row.serviceDeleted) removeService(history, service);
  return service;
}

/** A task on a node of its own each. Those that were stopped are on nodes that are gone: where one may be, it is wanted here. */
function spreadGlobal(history: History, row: Row): Service {
  const service = createService(history, 'web', { mode: 'global' });
  for (const [count, observed, desired] of row.tasks as readonly Tasks[]) {
    for (let index = 0; index < count; index += 1) {
      const nodeId = `n${history.state.nodes.size}`;
      joinReadyNode(history, nodeId);
      const ids = coverNodes(history, service);
      assign(history, nodeId, ...ids);
      report(history, nodeId, ...ids.map((id) => ({ id, state: observed })));
      if (desired === 'running') continue;
      desire(history, service, desired, ...ids);
      changeStatus(history, nodeId, 'down');
    }
  }
  return service;
}
