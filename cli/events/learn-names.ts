// The names of what there was before the first event that is shown: of the nearest snapshot, and of what came after it.
import type { Directory } from '@muster/api';
import { decode } from '@muster/events';
import type { Log } from '@muster/log';
import { loadNearest, readVoids, silentLogger, systemClock } from '@muster/runtime';
import type { Context } from '../commands/context.ts';

const SUBJECTS = ['muster.event.orchestrator.service.*', 'muster.event.agent.node.*'];
const JOINED = Buffer.from('"node.joined"');

export async function learnNames(
  { log, snapshots }: Pick<Context, 'log' | 'snapshots'>,
  directory: Directory,
  to: number,
): Promise<void> {
  if (to < 1) return;
  // Without one everything is read: nothing to worry a user with.
  const state = await readVoids(log)
    .then((voids) => loadNearest({ snapshots, log, voids, clock: systemClock, logger: silentLogger }, to))
    .catch(() => undefined);
  if (state) directory.noteState(state);
  await readNames(log, directory, (state?.head ?? 0) + 1, to);
}

/** Only what names are learnt from is read in full. */
async function readNames(log: Log, directory: Directory, from: number, to: number): Promise<void> {
  if (from > to) return;
  for await (const record of log.read({ from, to, subjects: SUBJECTS })) {
    const { buffer, byteOffset, length } = record.data;
    const fromAgent = record.subject.startsWith('muster.event.agent.');
    if (!fromAgent || Buffer.from(buffer, byteOffset, length).includes(JOINED))
      directory.note(decode(record));
  }
}
