// A role as a process of its own, started from the bundle and ended by its pid.
import { createInterface } from 'node:readline';
import { spawnMuster } from './program.ts';

/** A line of its log: at least the time, the level (30 is info, 40 a warning) and what it says. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RoleProcess {
  readonly role: string;
  readonly pid: number;
  /** What it has logged so far. */
  readonly log: readonly LogLine[];
  /** What it wrote that is no log. */
  readonly output: readonly string[];
  readonly ended: Promise<Ending>;
  /** kill -9. */
  kill(): Promise<Ending>;
  /** SIGTERM, as a person or systemd would. */
  stop(): Promise<Ending>;
  /** SIGSTOP, SIGCONT and the like. */
  signal(signal: NodeJS.Signals): void;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/** Resolves when it says that it is ready. Throws what it said when it ends before. */
export async function startRole(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  via?: readonly string[],
): Promise<RoleProcess> {
  const role = args[0]!;
  const child = spawnMuster(args, env, via);
  const log: LogLine[] = [];
  const output: string[] = [];
  let beReady: (() => void) | undefined;
  const ready = new Promise<void>((resolve) => {
    beReady = resolve;
  });
  const read = (line: string) => {
    const logged = parseLogLine(line);
    if (logged) log.push(logged);
    else output.push(line);
    if (logged?.msg === 'ready' || line.startsWith('Ready.')) beReady!();
  };
  createInterface({ input: child.stderr! }).on('line', read);
  createInterface({ input: child.stdout! }).on('line', read);
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal }));
  });

  async function end(signal: NodeJS.Signals): Promise<Ending> {
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const ending = await ended;
    clearTimeout(force);
    return ending;
  }

  let timer: NodeJS.Timeout | undefined;
  const failure = await Promise.race([
    ready,
    ended.then(({ code, signal }) => `ended with ${signal ?? code}`),
    new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve('is not ready'), READY_TIMEOUT_MS);
    }),
  ]);
  clearTimeout(timer);
  if (failure !== undefined) {
    await end('SIGKILL');
    const said = [...output, ...log.map((line) => JSON.stringify(line))].slice(-20);
    throw new Error(`muster ${args.join(' ')} ${failure}:\n${said.join('\n')}`);
  }
  return {
    role,
    pid: child.pid!,
    log,
    output,
    ended,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    signal: (signal) => void child.kill(signal),
  };
}

function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line);
    return typeof value.level === 'number' && typeof value.msg === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
