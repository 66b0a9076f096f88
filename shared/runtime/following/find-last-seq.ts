// The last record of one subject, as the log itself has it.
import type { Log } from '@muster/log';

/** Of those up to `to`; 0 when there is none. */
export async function findLastSeq(log: Pick<Log, 'read'>, subject: string, to: number): Promise<number> {
  let last = 0;
  for await (const { seq } of log.read({ from: 1, to, subjects: [subject] })) last = seq;
  return last;
}
