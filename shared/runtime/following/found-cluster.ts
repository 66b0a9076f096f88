// The first record of a log says whose it is. Whoever makes the streams writes it; of two, the first stands.
import { composeEvent, decode } from '@muster/events';
import type { Log } from '@muster/log';
import type { Clock } from '../clock.ts';

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

/** Undefined of one that is empty, or does not say. */
export async function readClusterId(log: Pick<Log, 'find'>): Promise<string | undefined> {
  const first = await log.find(1);
  const fact = first && decode(first);
  return fact?.is === 'event' && fact.event.type === 'cluster.created' ? fact.event.clusterId : undefined;
}
