// Who remembers a log that is not there: copies that have folded it go on holding its state.
import type { Bus } from '@muster/runtime';
import { askCopies } from '@muster/telemetry';

const PATIENCE_MS = 300;

/** In words; undefined when nobody does. */
export async function findWitness(bus: Bus): Promise<string | undefined> {
  const processes = await askCopies(bus, 'control', { patienceMs: PATIENCE_MS });
  for (const { host, roles } of processes)
    for (const { copy, head = 0 } of roles)
      if (head > 0) return `${copy} on ${host} has folded it up to ${head}`;
  return undefined;
}
