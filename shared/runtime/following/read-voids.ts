// Finds out which records are void, before anything is folded: they are few, on subjects of their own.
import { VOID_SUBJECTS } from '@muster/events';
import type { Log } from '@muster/log';
import { createVoidsReader, type Voids } from '@muster/state';

export async function readVoids(log: Pick<Log, 'find' | 'head' | 'read'>): Promise<Voids> {
  const readTo = await log.head();
  const reader = createVoidsReader();
  if (readTo > 0)
    for await (const record of log.read({ from: 1, to: readTo, subjects: [VOID_SUBJECTS] })) {
      const target = reader.targetOf(record);
      if (target !== undefined) reader.note(record, await log.find(target));
    }
  return { readTo, byRecord: reader.byRecord };
}
