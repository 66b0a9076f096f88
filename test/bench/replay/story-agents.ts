// The agents of the story: each tick a node reports in one event how far its tasks have come, and now and then a
// container fails.
import type { EventDraft, TaskStatus } from '@muster/events';
import { deriveId, TaskState } from '@muster/model';
import type { Chance } from '@muster/simulation';
import type { Changes, ClusterState, Task } from '@muster/state';

export interface Agents {
  join(count: number): EventDraft[];
  notice(state: ClusterState, changes: Changes): void;
  tick(state: ClusterState): EventDraft[];
}

/** Of all nodes, in each tick. */
const FAILING_SHARE = 0.05;
const FLAPPING_CHANCE = 0.01;

export function createAgents(chance: Chance): Agents {
  const nodeIds: string[] = [];
  /** Tasks that are not yet where they are wanted. */
  const busy = new Set<string>();

  function join(count: number): EventDraft[] {
    return Array.from({ length: count }, (_, index) => {
      const nodeId = deriveId('node', index);
      nodeIds.push(nodeId);
      return [
        { type: 'node.joined', cause: 0, nodeId, session: sessionOf(nodeId), description: describe(index) },
        { type: 'node.status_changed', cause: 0, nodeId, status: 'ready', message: 'heartbeat received' },
      ] satisfies EventDraft[];
    }).flat();
  }

  function tick(state: ClusterState): EventDraft[] {
    const reports = new Map<string, TaskStatus[]>();
    for (const id of busy) {
      const task = state.tasks.get(id);
      const status = task && advance(task);
      if (status) report(task, status);
      busy.delete(id);
    }
    for (let count = nodeIds.length * FAILING_SHARE; count > 0; count -= 1) fail(state);
    const drafts = [...reports].map(([nodeId, statuses]): EventDraft => {
      return { type: 'tasks.reported', cause: 0, nodeId, session: sessionOf(nodeId), statuses, gone: [] };
    });
    return chance.happens(FLAPPING_CHANCE) ? [...drafts, ...flap()] : drafts;

    function report(task: Task, status: Omit<TaskStatus, 'id'>): void {
      const statuses = reports.get(task.node!.id) ?? [];
      reports.set(task.node!.id, [...statuses, { id: task.id, ...status }]);
    }

    function fail({ nodes }: ClusterState): void {
      const task = chance.pick([...nodes.get(chance.pick(nodeIds))!.tasks.values()]);
      if (task?.observed !== TaskState.RUNNING || task.desired !== TaskState.RUNNING) return;
      report(task, { state: 'failed', message: 'started', err: 'task: non-zero exit (1)', exitCode: 1 });
    }
  }

  function flap(): EventDraft[] {
    const nodeId = chance.pick(nodeIds);
    return (['suspect', 'ready'] as const).map((status) => {
      const message = status === 'ready' ? 'heartbeat received' : 'no heartbeat for 10 s';
      return { type: 'node.status_changed', cause: 0, nodeId, status, message };
    });
  }

  return {
    join,
    notice(state, changes) {
      for (const id of changes.tasks) if (state.tasks.get(id)?.node) busy.add(id);
    },
    tick,
  };
}

/** The next thing that is said of the task, if anything is missing. */
function advance(task: Task): Omit<TaskStatus, 'id'> | undefined {
  const { observed, desired } = task;
  if (observed > TaskState.RUNNING) return undefined;
  if (desired > TaskState.RUNNING) return { state: 'shutdown', message: 'shutdown', exitCode: 137 };
  if (observed < TaskState.PREPARING) return { state: 'preparing', message: 'preparing' };
  const runId = deriveId(task.id, 'container') + deriveId(task.id, 'rest');
  if (desired === TaskState.RUNNING && observed < TaskState.RUNNING)
    return { state: 'running', message: 'started', runId };
  return observed < TaskState.READY ? { state: 'ready', message: 'prepared', runId } : undefined;
}

function sessionOf(nodeId: string): string {
  return deriveId('session', nodeId);
}

function describe(index: number) {
  return {
    hostname: `node${index + 1}`,
    platform: { os: 'linux', architecture: 'x86_64' },
    resources: { nanoCpus: 64e9, memoryBytes: 256 * 1024 ** 3 },
    engine: { backend: 'docker', version: '27.0.1', labels: {} },
    labels: { zone: `z${index % 3}` },
    addr: `10.0.${index >> 8}.${index & 255}`,
  };
}
