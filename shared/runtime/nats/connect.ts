// A connection to NATS, which once made never gives up. The only place that knows about credentials.
import { readFile } from 'node:fs/promises';
import {
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { refuseLongSubjects } from './refuse-long-subjects.ts';
import { createSeat } from './seat.ts';

export interface ConnectOptions {
  /** What the server's operator sees, "muster orchestrator" for one. */
  readonly name: string;
  /** How long to wait for a server that isn't there yet; one try by default. */
  readonly waitMs?: number;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a credentials file. */
  readonly credentials?: string;
  /** Where permissions pin it. */
  readonly inboxPrefix?: string;
  /** It lasts, and is to sit where there is room (seat.ts). */
  readonly lasts?: boolean;
}

/** NATS can't be reached, or doesn't let us in. The message is for the person who started the program. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

const ATTEMPT_MS = 2_000;
const RETRY_MS = 250;
/** A connection that was cut in silence is noticed after this, three times over. */
const PING_MS = 4_000;

/** `url` may name several servers of one cluster, separated by commas, and hold user:password@ or token@. */
export async function connectNats(url: string, options: ConnectOptions): Promise<NatsConnection> {
  const seat = createSeat();
  const settings = await settingsOf(url, options);
  const shown = (settings.servers as string[]).join(', ');
  const giveUpAt = performance.now() + (options.waitMs ?? 0);
  for (;;) {
    try {
      // A copy, because the client keeps what it is given, and takes servers it can't reach off the list.
      const nc = await connect({
        ...settings,
        servers: [...(settings.servers as string[])],
        reconnectToServer: seat.choose,
      });
      if (options.lasts === true)
        seat.keep(nc, (address) => connect({ ...settings, servers: [address], reconnect: false }));
      return refuseLongSubjects(nc);
    } catch (error) {
      if (error instanceof errors.AuthorizationError) {
        throw new ConnectError(`NATS at ${shown} refuses us: ${error.message}`, { cause: error });
      }
      if (performance.now() + RETRY_MS > giveUpAt) {
        const because = error instanceof Error ? error.message : String(error);
        throw new ConnectError(`can't reach NATS at ${shown}: start it, or pass --nats (${because})`, {
          cause: error,
        });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function settingsOf(url: string, options: ConnectOptions): Promise<NodeConnectionOptions> {
  const addresses = url.split(',').map(parseAddress);
  const [first] = addresses;
  const user = options.user ?? decodeURIComponent(first?.username ?? '');
  const password = options.password ?? decodeURIComponent(first?.password ?? '');
  const token = options.token ?? (password === '' && options.user === undefined ? user : '');
  return {
    servers: addresses.map(({ host }) => host),
    name: options.name,
    timeout: ATTEMPT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RETRY_MS / 2,
    reconnectJitter: RETRY_MS,
    // Credentials may be replaced while we try, and a server may know them only a little later.
    ignoreAuthErrorAbort: true,
    pingInterval: PING_MS,
    // They cost half the rate of requests.
    noAsyncTraces: true,
    ...(addresses.some(({ protocol }) => protocol === 'tls:') ? { tls: {} } : {}),
    ...(token !== '' ? { token } : user !== '' ? { user, pass: password } : {}),
    ...(options.credentials === undefined
      ? {}
      : { authenticator: await readCredentials(options.credentials) }),
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
  };
}

function parseAddress(address: string): URL {
  try {
    const text = address.trim();
    const parsed = new URL(/^[a-z]+:\/\//.test(text) ? text : `nats://${text}`);
    if (parsed.host !== '' && ['nats:', 'tls:'].includes(parsed.protocol)) return parsed;
  } catch {
    // Said below.
  }
  throw new ConnectError(
    `"${address}" isn't the address of a NATS server, which looks like nats://host:4222`,
  );
}

async function readCredentials(path: string) {
  try {
    return credsAuthenticator(await readFile(path));
  } catch (error) {
    throw new ConnectError(`can't read the credentials in ${path}`, { cause: error });
  }
}
