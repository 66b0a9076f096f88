// What an agent that starts knows of the one before it: as far as it can be read, and is of the same cluster.
import type { Logger } from '@muster/runtime';
import type { AgentStorage } from '../disk/storage.ts';
import { describeError } from '../tasks/patience.ts';
import { loadProgress, type Remembered } from './progress.ts';

/** What is lost here is found in the node's own events. */
export async function recallProgress(storage: AgentStorage, logger: Logger): Promise<Remembered | undefined> {
  try {
    return await loadProgress(storage);
  } catch (error) {
    logger.error(
      { err: describeError(error) },
      'the stored progress is unreadable: it is set aside, and taken from the log',
    );
    await storage.setAside('unreadable').catch(() => undefined);
    return undefined;
  }
}

/** What an agent of another cluster knew, in the same directory, is no knowledge of this one's tasks. */
export async function keepOwn(
  found: Remembered | undefined,
  {
    clusterId,
    storage,
    logger,
  }: { clusterId: string | undefined; storage: AgentStorage | undefined; logger: Logger },
): Promise<Remembered | undefined> {
  if (found?.clusterId === undefined || found.clusterId === clusterId) return found;
  logger.warn(
    { cluster: clusterId, of: found.clusterId, tasks: found.tasks.length },
    "the stored progress is another cluster's: it is set aside",
  );
  await storage?.setAside(`of-${found.clusterId}`);
  return undefined;
}
