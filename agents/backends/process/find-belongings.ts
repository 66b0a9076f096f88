// The processes of every cluster that are kept in a directory of tasks.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Belongings, type FoundTask, gatherBelongings } from '../belongings.ts';
import { loadOrder, readState } from './task-files.ts';

/** None where there is no such directory, or it may not be read. */
export function findProcesses(stateDir: string): Belongings[] {
  const found = list(stateDir).flatMap((cluster) =>
    list(path.join(stateDir, cluster)).flatMap((node) =>
      list(path.join(stateDir, cluster, node)).flatMap((taskId) =>
        look(path.join(stateDir, cluster, node, taskId), {
          taskId,
          clusterName: decodeURIComponent(cluster),
          nodeId: decodeURIComponent(node),
        }),
      ),
    ),
  );
  return gatherBelongings(stateDir, found);
}

/** What can't be read is the agent's to set aside. */
function look(
  directory: string,
  { taskId, ...whose }: { taskId: string; clusterName: string; nodeId: string },
): FoundTask[] {
  try {
    const state = readState(taskId, directory);
    if (state === undefined) return [];
    const isRunning = state.status === 'running';
    const { clusterId } = loadOrder(directory) ?? {};
    return [
      { ...whose, clusterId, isRunning, group: isRunning ? Number(state.runId) || undefined : undefined },
    ];
  } catch {
    return [];
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
