// Looks at everything the doctor judges. What can't be seen is a finding, not a failure of the command.
import { inspectStore, tryDisk } from '@muster/log';
import { DEFAULT_TEAM, nameWithTeam } from '@muster/model';
import { discoverCopies } from '@muster/runtime';
import { askCopies } from '@muster/telemetry';
import type { Context } from '../commands/context.ts';
import type { Shortfall } from './check-work.ts';
import { findLeftovers } from './find-leftovers.ts';
import type { Failed, Seen } from './findings.ts';
import { lookAtServers } from './look-at-servers.ts';

const DISCOVERY_MS = 500;
const ASK_TIMEOUT_MS = 3_000;
/** Nodes in trouble that are listed, at most. */
const MAX_NODES = 10;
/** Services below what they should be that are asked about, at most. */
const MAX_SERVICES = 20;

/** `dirs` are those of agents of this machine, beside the usual ones. */
export async function examine(
  { connection, connectTo, bus, log, queries }: Context,
  dirs: readonly string[] = [],
): Promise<Seen> {
  const sentAt = performance.now();
  await connection.flush();
  const roundTripMs = performance.now() - sentAt;
  const { version } = connection.info!;
  const [store, diskRefusal, servers] = await Promise.all([
    attempt(() => inspectStore(connection)),
    tryDisk(connection),
    lookAtServers(connection, connectTo),
  ]);
  const isMissing = 'streams' in store && store.streams.some(({ mismatches }) => mismatches === undefined);
  const head = isMissing ? { error: 'there is no log yet' } : await attempt(() => log.head());
  const copies = await discoverCopies(connection, DISCOVERY_MS);
  const [processes, agents] = await Promise.all(
    (['control', 'agent'] as const).map((role) => askCopies(bus, role, { patienceMs: DISCOVERY_MS })),
  );
  const asked = await attempt(() => queries.ask('status', {}, { timeoutMs: ASK_TIMEOUT_MS }));
  const status = 'error' in asked ? asked : asked.answer;
  const nodes = 'error' in status ? [] : await queries.list('node.list', {});
  const leftovers = await attempt(() => findLeftovers(dirs));
  const shortfalls = 'error' in status ? [] : await findShortfalls(queries);
  return {
    server: { version, url: connection.getServer(), roundTripMs },
    store,
    diskRefusal,
    servers,
    head,
    copies,
    processes: processes!,
    agents: agents!,
    engines: nodes.map(({ backend, engineVersion }) => ({ backend, engineVersion })),
    status,
    outOfSightMs: 'error' in asked ? undefined : asked.outOfSightMs,
    shortfalls,
    downNodes: nodes
      .filter((node) => node.status !== 'ready')
      .slice(0, MAX_NODES)
      .map(({ hostname, status: state, statusMessage: message }) => ({ hostname, status: state, message })),
    nodes,
    leftovers: 'error' in leftovers ? { found: [], tended: new Set() } : leftovers,
    now: Date.now(),
  };
}

/** Of completed tasks there may be less than are wanted: only the service's own progress tells. */
async function findShortfalls(queries: Context['queries']): Promise<Shortfall[]> {
  const services = await queries.list('service.list', { allTeams: true });
  const short = services.filter(({ running, replicas }) => running < replicas).slice(0, MAX_SERVICES);
  const shortfalls = await Promise.all(
    short.map(async ({ id, name, team = DEFAULT_TEAM, updatedAt }): Promise<Shortfall | undefined> => {
      const found = await attempt(() => queries.ask('service.progress', { service: id, slots: 0 }));
      // It may be gone by now.
      if ('error' in found) return undefined;
      return { service: nameWithTeam({ team, name }), progress: found.answer, updatedAt };
    }),
  );
  return shortfalls.filter(
    (found) =>
      found !== undefined && found.progress.running + found.progress.completed < found.progress.replicas,
  ) as Shortfall[];
}

async function attempt<T>(look: () => Promise<T>): Promise<T | Failed> {
  try {
    return await look();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
