// A nats-server of our own, as a child process: for `muster up`, for tests and for benchmarks. It stores what it is told
// under `dir`, which a later start finds again. It lives no longer than the process that started it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findNatsServer } from './nats-binary.ts';
import { StartError } from './start-error.ts';

export interface NatsServerOptions {
  /** Where it keeps its streams, its configuration and its log; a temporary one, gone with the server, when left out. */
  readonly dir?: string;
  /** A free one by default. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** `dir`/nats-server.log by default. */
  readonly logFile?: string;
  /** Every message is on the disk before it is acknowledged, as in production; about twice as slow. */
  readonly syncAlways?: boolean;
  /** More of what is about JetStream in its configuration, as text. */
  readonly jetstreamConfig?: string;
  /** More of nats-server's own configuration, as text. */
  readonly extraConfig?: string;
  /** How long it may take until it answers: it first reads what it has stored. */
  readonly startTimeoutMs?: number;
  /** Before its command: what starts it somewhere else on this machine. */
  readonly via?: readonly string[];
}

export interface NatsServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  readonly dir: string;
  /** Where it tells about itself over HTTP, when its configuration has it do so. */
  readonly monitorUrl: string | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it politely, then by force. */
  stop(): Promise<void>;
  /** Sends a signal, SIGKILL by default; for one that ends a process, resolves when it has. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** An intent of 2 MB has to be stored, so that an event can reject it. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 10;
/** One whose process was killed takes a moment to end. */
const LOCK_PATIENCE_S = 3;
/** What `flock` is to end with when somebody else has the lock; nats-server never does. */
const LOCKED = 75;
const PASSING_SIGNALS: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServerProcess> {
  const binary = await findNatsServer();
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'muster-nats-')));
  await mkdir(dir, { recursive: true });
  const portsDir = await mkdtemp(join(dir, 'ports-'));
  const logFile = options.logFile ?? join(dir, 'nats-server.log');
  const configFile = join(dir, 'nats-server.conf');
  await writeFile(configFile, configure(options, { dir, portsDir, logFile }));

  const child = await spawnTied([
    ...(options.via ?? []),
    ...(await lock(dir)),
    binary,
    '--config',
    configFile,
  ]);
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', end);
      resolve();
    });
  });

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    child.kill(signal);
    if (!PASSING_SIGNALS.includes(signal)) await exited;
  }

  async function stop(): Promise<void> {
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await kill('SIGTERM');
    clearTimeout(force);
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  }

  try {
    const ports = await untilItListens(child, portsDir, options.startTimeoutMs ?? START_TIMEOUT_MS);
    const url = ports.nats[0]!;
    const port = Number(new URL(url).port);
    await greet(options.host ?? '127.0.0.1', port);
    return { url, pid: child.pid!, port, dir, monitorUrl: ports.monitoring?.[0], exited, stop, kill };
  } catch (error) {
    await kill();
    const because =
      child.exitCode === LOCKED
        ? `another one that runs keeps its streams in ${dir}`
        : await lastComplaint(logFile);
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    throw new StartError(`nats-server doesn't start: ${because ?? (error as Error).message}`, {
      cause: error,
    });
  } finally {
    await rm(portsDir, { recursive: true, force: true });
  }
}

function configure(
  {
    host = '127.0.0.1',
    port = -1,
    syncAlways = false,
    jetstreamConfig = '',
    extraConfig = '',
  }: NatsServerOptions,
  paths: { readonly dir: string; readonly portsDir: string; readonly logFile: string },
): string {
  return `listen: ${JSON.stringify(`${host}:${port === 0 ? -1 : port}`)}
max_payload: ${MAX_PAYLOAD_BYTES}
ports_file_dir: ${JSON.stringify(paths.portsDir)}
log_file: ${JSON.stringify(paths.logFile)}
logfile_size_limit: 10MB
logfile_max_num: 2
jetstream {
  store_dir: ${JSON.stringify(paths.dir)}
  ${syncAlways ? 'sync_interval: always' : ''}
  ${jetstreamConfig}
}
${extraConfig}
`;
}

/**
 * In a session of its own, so that Ctrl-C in a terminal reaches us alone and we end in order; and tied to us where the
 * system can do that, so that it doesn't outlive a kill -9.
 */
async function spawnTied(command: readonly string[]): Promise<ChildProcess> {
  const [program, ...rest] = (await canTie()) ? ['setpriv', '--pdeathsig', 'TERM', ...command] : command;
  const child = spawn(program!, rest, { detached: true, stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  child.unref();
  return child;
}

/** Two servers would spoil each other's streams, and nats-server itself takes no care. The kernel ends the lock. */
async function lock(dir: string): Promise<readonly string[]> {
  return (await canLock())
    ? ['flock', '--no-fork', '--timeout', String(LOCK_PATIENCE_S), '-E', String(LOCKED), join(dir, 'lock')]
    : [];
}

let tying: Promise<boolean> | undefined;
let locking: Promise<boolean> | undefined;

function canTie(): Promise<boolean> {
  tying ??= succeeds('setpriv', ['--pdeathsig', 'keep', 'true']);
  return tying;
}

function canLock(): Promise<boolean> {
  locking ??= succeeds('flock', ['--shared', '--no-fork', '/dev/null', 'true']);
  return locking;
}

function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return promisify(execFile)(program, args).then(
    () => true,
    () => false,
  );
}

interface Ports {
  readonly nats: readonly string[];
  readonly monitoring?: readonly string[];
}

/** The server writes the ports it listens on into a file, once it has read its streams. */
async function untilItListens(child: ChildProcess, portsDir: string, timeoutMs: number): Promise<Ports> {
  const giveUpAt = performance.now() + timeoutMs;
  while (child.exitCode === null && child.signalCode === null) {
    for (const file of await readdir(portsDir)) {
      const text = await readFile(join(portsDir, file), 'utf8');
      if (text.endsWith('}')) return JSON.parse(text);
    }
    if (performance.now() > giveUpAt) throw new Error(`it doesn't answer after ${timeoutMs / 1000} seconds`);
    await delay(POLL_MS);
  }
  throw new Error(`it ended with ${child.signalCode ?? child.exitCode}`);
}

/** Resolves when the server speaks first, as the protocol has it. */
function greet(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: host === '0.0.0.0' ? '127.0.0.1' : host, port });
    socket.setTimeout(5_000, () => socket.destroy(new Error('it accepts connections but says nothing')));
    socket.once('error', reject);
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
  });
}

async function lastComplaint(logFile: string): Promise<string | undefined> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).split('\n');
  return lines.findLast((line) => /\[(FTL|ERR)\]/.test(line))?.replace(/^.*\[(FTL|ERR)\] /, '');
}
