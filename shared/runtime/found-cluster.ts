// The first record of a log says whose it is. Whoever makes the streams writes it; of two, the first stands.
import { composeEvent } from '@muster/events';
import type { Log } from '@muster/log';
import type { Clock } from './clock.ts';

export interface Founding {
  readonly clusterId: string;
  readonly name: string;
}

/** Does nothing where the log has its cluster already. */
export async function foundCluster(log: Log, { clusterId, name }: Founding, clock: Clock): Promise<void> {
  const event = { type: 'cluster.created', cause: 0, clusterId, name } as const;
  const { subject, data } = composeEvent(event, clock.now());
  // One that is full takes nothing, and does not say either that it has this record already.
  if ((await log.find(1))?.subject === subject) return;
  await log.append(subject, data, { expectLastSubjectSeq: 0 });
}
