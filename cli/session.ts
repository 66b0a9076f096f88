// One command's connection to a cluster: the log, the bus and the API. It makes no streams: a cluster that is not there
// is said so, not made in silence.
import { createQueryClient, type QueryClient } from '@muster/api';
import {
  inspectStore,
  JetStreamLog,
  JetStreamSnapshotStore,
  type Log,
  type SnapshotStore,
} from '@muster/log';
import { type Bus, connectNats, NatsBus, systemClock, waitAtMost } from '@muster/runtime';
import { CliError, exitCodes } from './errors.ts';
import type { GlobalOptions } from './globals.ts';
import { permissionOf } from './permissions.ts';

/** The only thing of the NATS client that leaves this file; for `doctor`. */
export type Connection = Awaited<ReturnType<typeof connectNats>>;

export interface Session {
  readonly connection: Connection;
  /** Another server of the same cluster, as the same user. */
  connectTo(address: string): Promise<Connection>;
  readonly log: Log;
  readonly snapshots: SnapshotStore;
  readonly bus: Bus;
  readonly queries: QueryClient;
  /** Who asks. */
  readonly actor: string;
  /** Whose names are meant; '' for the default team. */
  readonly team: string;
}

/** A person waits: shorter than a reducer would. */
const RETRY_FOR_MS = 5_000;
const FLUSH_MS = 300;

export async function withSession<T>(
  globals: GlobalOptions,
  run: (session: Session) => Promise<T>,
  onOld?: (outOfSightMs: number) => void,
): Promise<T> {
  const name = `muster-cli-${globals.as}`;
  const connection = await connectNats(globals.nats, { name });
  const connectTo = (address: string) => connectNats(withHost(globals.nats, address), { name });
  const log = new JetStreamLog(connection, { retryForMs: RETRY_FOR_MS });
  // Whoever may not listen is told so by what he then is not answered.
  const bus = new NatsBus(connection, (error) => {
    if (permissionOf(error)) return;
    queueMicrotask(() => {
      throw error;
    });
  });
  try {
    const snapshots = new JetStreamSnapshotStore(connection);
    const queries = createQueryClient(bus, { ...(onOld && { onOld }) });
    const { as: actor, team } = globals;
    return await run({ connection, connectTo, log, snapshots, bus, queries, actor, team });
  } catch (error) {
    throw await explainAbsence(connection, error);
  } finally {
    await log.close();
    // What was published last is still to be sent; a server that is away is not waited for.
    await waitAtMost(systemClock, FLUSH_MS, connection.flush());
    await connection.close();
  }
}

/** The first address, user and all, with another host and port. */
function withHost(nats: string, host: string): string {
  const [first = ''] = nats.split(',');
  return first
    .trim()
    .replace(/^([a-z]+:\/\/)?([^@/]*@)?.*$/, (_, scheme = '', user = '') => `${scheme}${user}${host}`);
}

/** A log that can't be reached may not be there at all: the client's words for that are about something else. */
async function explainAbsence(connection: Connection, error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !absent.has(error.name) || connection.isClosed()) return error;
  const store = await inspectStore(connection).catch(() => undefined);
  if (!store?.streams.some(({ mismatches }) => mismatches === undefined)) return error;
  return new CliError(
    `there is no muster cluster on NATS at ${connection.getServer()}: start one with \`muster up\``,
    exitCodes.unreachable,
  );
}

const absent = new Set(['LogUnavailableError', 'StreamNotFoundError', 'NoApiError']);
