// What a failure leaves to be read: the log as it was watched, what each process and each server logged, and when what
// happened.
import { copyFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from './stage.ts';

/** Returns where it is. */
export async function keepEvidence(stage: Stage, moments: Readonly<Record<string, Date>>): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'muster-cluster-faults-'));
  const write = (name: string, lines: readonly unknown[]) =>
    writeFile(join(place, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await write('moments.ndjson', [moments]);
  await write(
    'log.ndjson',
    stage.watch.facts.map((fact) => ({ ...fact, time: new Date(fact.time) })),
  );
  for (const [index, { role, host, process }] of stage.seats.entries())
    await write(`${index}-${role}-host${host.index}.ndjson`, process.log);
  for (const { index } of stage.hosts.all)
    await copyFile(
      join(stage.directoryOf(index - 1), 'nats-server.log'),
      join(place, `nats-server-${index}.log`),
    );
  return place;
}
