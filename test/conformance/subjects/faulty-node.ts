// A node on which a service keeps failing comes last: each row is one more task, which then fails.
import { createScheduler } from '@muster/scheduler';
import {
  assign,
  createService,
  createTasks,
  joinReadyNode,
  replaceTasks,
  report,
  settle,
  startHistory,
} from '@muster/testing';
import type { Subject } from '../subject.ts';

export const faultyNode: Subject = {
  expect: (row) => row.assignedTo,
  start() {
    const history = startHistory();
    const scheduler = createScheduler();
    joinReadyNode(history, 'id1');
    joinReadyNode(history, 'id2');
    const service1 = createService(history, 'service1');
    assign(history, 'id1', ...createTasks(history, service1));
    const service2 = createService(history, 'service2');
    return () => {
      const [failing] = replaceTasks(history, service2, [1]);
      assign(history, 'id1', failing!);
      const [task] = replaceTasks(history, service1, [2]);
      settle(history, scheduler);
      const nodeId = history.state.tasks.get(task!)!.node!.id;
      report(history, 'id1', { id: failing!, state: 'failed' });
      report(history, nodeId, { id: task!, state: 'failed' });
      return nodeId;
    };
  },
};
