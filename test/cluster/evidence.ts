// What a failure leaves to be read: the log as it was watched, what each process and each server logged and says of
// itself, and when what happened.
import { copyFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metricsUrl } from '../harness/telemetry.ts';
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
  const look = (url: string) =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.text(),
      (error: Error) => error.message,
    );
  for (const [index, { role, host, process }] of stage.seats.entries()) {
    const name = `${index}-${role}-host${host.index}`;
    await write(`${name}.ndjson`, process.log);
    const seen = ['readyz', 'metrics'].map((path) => look(`${metricsUrl(process)}/${path}`));
    await writeFile(join(place, `${name}.seen`), (await Promise.all(seen)).join('\n'));
  }
  for (const [index, { monitorUrl }] of stage.servers.servers.entries())
    await writeFile(
      join(place, `jsz-${index + 1}.json`),
      await look(`${monitorUrl}/jsz?streams=true&consumers=true&config=true`),
    );
  for (const { index } of stage.hosts.all)
    await copyFile(
      join(stage.directoryOf(index - 1), 'nats-server.log'),
      join(place, `nats-server-${index}.log`),
    );
  return place;
}
