// What clusters have on a machine, of whatever cluster and node: for whoever looks after the machine. Only looks.
export interface Belongings {
  /** As somebody would find it: the engine's address, or a directory. */
  readonly place: string;
  readonly clusterName: string;
  /** Left out by builds that did not know it. */
  readonly clusterId?: string | undefined;
  readonly nodeId: string;
  /** Tasks there, and those of them that run. */
  readonly tasks: number;
  readonly running: number;
  /** Of processes: the groups in which they run. */
  readonly groups?: readonly number[];
}

type Whose = Pick<Belongings, 'clusterName' | 'clusterId' | 'nodeId'>;
export interface FoundTask extends Whose {
  readonly isRunning: boolean;
  readonly group?: number | undefined;
}

/** By node of a cluster. */
export function gatherBelongings(place: string, found: readonly FoundTask[]): Belongings[] {
  const gathered = new Map<string, FoundTask[]>();
  for (const task of found) {
    const key = JSON.stringify([task.clusterName, task.clusterId, task.nodeId]);
    gathered.set(key, [...(gathered.get(key) ?? []), task]);
  }
  return [...gathered.values()].map((tasks): Belongings => {
    const { clusterName, clusterId, nodeId } = tasks[0]!;
    const running = tasks.filter(({ isRunning }) => isRunning);
    const groups = running.flatMap(({ group }) => group ?? []);
    return {
      place,
      clusterName,
      ...(clusterId !== undefined && { clusterId }),
      nodeId,
      tasks: tasks.length,
      running: running.length,
      ...(groups.length > 0 && { groups }),
    };
  });
}
