// Appends that the log refused because another copy had been faster, as the copies count them themselves.
import { connectNats, NatsBus } from '@muster/runtime';
import { askCopies } from '@muster/telemetry';

const PATIENCE_MS = 5000;

/** The sum over so many processes, by role. */
export async function readConflicts(url: string, processes: number): Promise<Record<string, number>> {
  const nc = await connectNats(url, { name: 'bench-conflicts' });
  const answers = await askCopies(new NatsBus(nc), 'control', {
    patienceMs: PATIENCE_MS,
    isEnough: ({ length }) => length === processes,
  });
  await nc.close();
  if (answers.length !== processes) throw new Error(`${answers.length} of ${processes} copies answered`);
  const conflicts: Record<string, number> = {};
  for (const { role, conflicts: count } of answers.flatMap(({ roles }) => roles))
    conflicts[role] = (conflicts[role] ?? 0) + count;
  return conflicts;
}
