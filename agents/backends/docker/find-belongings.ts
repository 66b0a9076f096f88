// The containers of every cluster that an engine has.
import { BackendUnavailableError } from '../backend.ts';
import { type Belongings, gatherBelongings } from '../belongings.ts';
import { Engine } from './engine.ts';
import { label } from './labels.ts';

/** Somebody waits for it. */
const PATIENCE_MS = 3_000;

/** Of the engine that an agent would use here; none where there is no engine. */
export async function findContainers(dockerHost?: string): Promise<Belongings[]> {
  const engine = new Engine(dockerHost);
  try {
    const containers = await engine.look(
      (docker, look) => docker.listContainers({ ...look, all: true, filters: { label: [label.cluster] } }),
      PATIENCE_MS,
    );
    const found = containers.map(({ Labels: labels, State }) => ({
      clusterName: labels[label.cluster] ?? '',
      clusterId: labels[label.clusterId],
      nodeId: labels[label.nodeId] ?? '',
      isRunning: State === 'running',
    }));
    return gatherBelongings(engine.address, found);
  } catch (error) {
    if (error instanceof BackendUnavailableError) return [];
    throw error;
  } finally {
    engine.close();
  }
}
