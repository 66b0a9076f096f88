// What really runs, asked of the backends themselves: the demo believes no state that it can check.
import type { Backend, BackendKind, RunState } from '@muster/backends';
import type { LocalAgent } from '../up/local-agents.ts';

export interface RunningTask {
  readonly state: RunState;
  readonly backend: Backend;
}

export async function listRunning(agents: readonly LocalAgent[]): Promise<RunningTask[]> {
  const all = await Promise.all(
    agents.map(async ({ backend }) => (await backend.list()).map((state) => ({ state, backend }))),
  );
  return all.flat().filter(({ state }) => state.status === 'running');
}

/** Ends a task behind muster's back, as an accident would. */
export async function killTask(kind: BackendKind, { state, backend }: RunningTask): Promise<string> {
  switch (kind) {
    case 'docker':
      await backend.raw({ method: 'POST', path: `/containers/${state.runId}/kill` });
      return `docker kill ${state.runId.slice(0, 12)}`;
    case 'process':
      process.kill(Number(state.runId), 'SIGKILL');
      return `kill -9 ${state.runId}`;
    case 'simulator':
      await backend.exec(state.taskId, ['kill', '-9', '1']);
      return 'the simulated task ends';
  }
}
