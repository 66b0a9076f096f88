import { decode } from '@muster/events';
import {
  assign,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  removeService,
  report,
  startHistory,
} from '@muster/testing';
import { describe, expect, it } from 'vitest';
import { createPrometheusExport } from './prometheus.ts';
import { readControl } from './readings.fixture.ts';
import { countRestarts, MOST_SERVICES, type RestartCounts, readWorkloads } from './workloads.ts';

const seenOf = ({ state }: History, restarts: RestartCounts = new Map()) => readWorkloads(state, restarts);

function runWeb(history: History): string[] {
  joinReadyNode(history, 'n1');
  joinReadyNode(history, 'n2');
  const web = createService(history, 'web', { image: 'nginx', replicas: 5 });
  const tasks = createTasks(history, web, 5);
  const [one, two, three, four] = tasks as [string, string, string, string];
  assign(history, 'n1', one, two, three);
  assign(history, 'n2', four);
  report(
    history,
    'n1',
    { id: one, state: 'running' },
    { id: two, state: 'running' },
    { id: three, state: 'failed' },
  );
  report(history, 'n2', { id: four, state: 'running' });
  return tasks;
}

describe('the figures of a service', () => {
  it('say how many tasks it should run, how many do, wait and failed', () => {
    const history = startHistory();
    runWeb(history);
    const { services, short } = seenOf(history);
    expect(services).toMatchObject([
      { team: '', service: 'web', desired: 5, running: 3, pending: 1, failed: 1, restarts: 0 },
    ]);
    expect(services[0]!.updatedAt).toBe([...history.state.services.values()][0]!.updatedAt);
    expect(short).toBe(1);
  });

  it('leave out what runs on a node that is down, until it is back', () => {
    const history = startHistory();
    runWeb(history);
    const change = (status: 'down' | 'ready') => {
      history.append({ type: 'node.status_changed', cause: 0, nodeId: 'n1', status, message: '' });
      const { services, nodes } = seenOf(history);
      return [services[0]!.running, nodes.ready, nodes.down];
    };
    expect(change('down')).toEqual([1, 1, 1]);
    expect(change('ready')).toEqual([3, 2, 0]);
  });

  it('count restarts by its policy, and forget them with the service', () => {
    const history = startHistory();
    const [task] = runWeb(history);
    const [web] = [...history.state.services.values()];
    const restarts: RestartCounts = new Map();
    const seq = history.append({
      type: 'service.reconciled',
      cause: history.state.head,
      serviceId: web!.id,
      specVersion: web!.version.seq,
      created: [
        { id: 'x1', slot: 3, generation: 2, cause: 'restart' },
        { id: 'x2', slot: 4, generation: 2, cause: 'update' },
        { id: 'x3', slot: 5, generation: 2, cause: 'restart' },
      ],
      desired: [{ id: task!, state: 'shutdown' }],
      why: [],
    } as never);
    for (const record of history.records) {
      const fact = decode(record);
      if (fact.is === 'event') countRestarts(restarts, fact);
    }
    expect(history.records.at(-1)!.seq).toBe(seq);
    expect(seenOf(history, restarts).services[0]!.restarts).toBe(2);
    restarts.set('gone', 7);
    seenOf(history, restarts);
    expect([...restarts.keys()]).toEqual([web!.id]);
  });

  it('are had without a look at any task', () => {
    const history = startHistory();
    runWeb(history);
    const { tables } = history.state;
    Object.assign(tables, {
      taskAt() {
        throw new Error('a task was looked at');
      },
    });
    expect(() => [...history.state.tasks.values()]).toThrow('looked at');
    expect(seenOf(history)).toMatchObject({ tasks: { running: 3 }, services: [{ running: 3, failed: 1 }] });
  });

  it('are none once it is removed', () => {
    const history = startHistory();
    runWeb(history);
    removeService(history, [...history.state.services.values()][0]!);
    expect(seenOf(history)).toMatchObject({ services: [], short: 0 });
    expect(seenOf(history).tasks.running).toBe(3);
  });

  it('are those of the oldest, and how many have none is said', () => {
    const history = startHistory();
    for (let index = 0; index < MOST_SERVICES + 3; index += 1)
      createService(history, `s${index}`, { image: 'nginx', replicas: 1 });
    const { services, unlisted, short } = seenOf(history);
    expect([services.length, services[0]!.service, unlisted, short]).toEqual([
      MOST_SERVICES,
      's0',
      3,
      MOST_SERVICES + 3,
    ]);
  });
});

it('copies of the API in one process say it once', async () => {
  const history = startHistory();
  runWeb(history);
  const api = { ...readControl(), role: 'api', workloads: seenOf(history) };
  const text = await createPrometheusExport('1').print([api, api, readControl()]);
  expect(text.split('\n').filter((line) => /^muster_(service|nodes|tasks\{.*running)/.test(line))).toEqual([
    'muster_tasks{role="api",state="running"} 3',
    'muster_nodes{role="api",state="unknown"} 0',
    'muster_nodes{role="api",state="ready"} 2',
    'muster_nodes{role="api",state="suspect"} 0',
    'muster_nodes{role="api",state="down"} 0',
    'muster_services_short{role="api"} 1',
    'muster_services_unlisted{role="api"} 0',
    'muster_service_desired_tasks{role="api",team="",service="web"} 5',
    'muster_service_running_tasks{role="api",team="",service="web"} 3',
    'muster_service_pending_tasks{role="api",team="",service="web"} 1',
    'muster_service_failed_tasks{role="api",team="",service="web"} 1',
    'muster_service_restarts_total{role="api",team="",service="web"} 0',
    expect.stringMatching(/^muster_service_updated_timestamp_seconds\{.*\} 1767225\d{3}$/),
  ]);
});
