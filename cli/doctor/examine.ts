// Looks at everything the doctor judges. What can't be seen is a finding, not a failure of the command.
import { inspectStreams } from '@muster/log';
import { discoverCopies } from '@muster/runtime';
import { askCopies } from '@muster/telemetry';
import type { Context } from '../commands/context.ts';
import type { Seen } from './findings.ts';

const DISCOVERY_MS = 500;
const ASK_TIMEOUT_MS = 3_000;
/** Nodes in trouble that are listed, at most. */
const MAX_NODES = 10;

export async function examine({ connection, bus, log, queries }: Context): Promise<Seen> {
  const sentAt = performance.now();
  await connection.flush();
  const roundTripMs = performance.now() - sentAt;
  const { version } = connection.info!;
  const streams = await attempt(() => inspectStreams(connection));
  const isMissing = Array.isArray(streams) && streams.some(({ mismatches }) => mismatches === undefined);
  const head = isMissing ? { error: 'there is no log yet' } : await attempt(() => log.head());
  const copies = await discoverCopies(connection, DISCOVERY_MS);
  const processes = await askCopies(bus, 'control', { patienceMs: DISCOVERY_MS });
  const status = await attempt(
    async () => (await queries.ask('status', {}, { timeoutMs: ASK_TIMEOUT_MS })).answer,
  );
  const nodes = 'error' in status ? [] : await queries.list('node.list', {});
  return {
    server: { version, url: connection.getServer(), roundTripMs },
    streams,
    head,
    copies,
    processes,
    status,
    downNodes: nodes
      .filter((node) => node.status !== 'ready')
      .slice(0, MAX_NODES)
      .map(({ hostname, status: state, statusMessage: message }) => ({ hostname, status: state, message })),
    now: Date.now(),
  };
}

async function attempt<T>(look: () => Promise<T>): Promise<T | { readonly error: string }> {
  try {
    return await look();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
