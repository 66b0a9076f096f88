// The bundled program, as a user has it: commands that end, and what they said. It is built before the tests run.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inProject } from './root.ts';

/** MUSTER_PROGRAM tests another build; in the environment of one process, it is that process's. */
const usualProgram = process.env.MUSTER_PROGRAM ?? inProject('dist', 'muster.js');
const COMMAND_TIMEOUT_MS = 60_000;

export interface Outcome {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Before the command: what starts it somewhere else on this machine. */
  readonly via?: readonly string[];
}

/** A command of the program, run to its end, which a timeout brings about with SIGKILL. */
export async function runMuster(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawnMuster(args, options.env, options.via);
  const end = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? COMMAND_TIMEOUT_MS);
  child.stdin!.on('error', () => undefined).end(options.input);
  const [stdout, stderr] = [collect(child, 'stdout'), collect(child, 'stderr')];
  const code = await new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => resolve(exitCode ?? undefined));
  });
  clearTimeout(end);
  return { code, stdout: stdout(), stderr: stderr() };
}

/** Ends with this process, whatever becomes of it: a killed test leaves no cluster behind. */
export function spawnMuster(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  via: readonly string[] = [],
): ChildProcess {
  const program = env.MUSTER_PROGRAM ?? usualProgram;
  if (!existsSync(program)) throw new Error('these tests run the built program: npm run build');
  const command = [...via, process.execPath, '--enable-source-maps', program, ...args];
  const [first, ...rest] = canTie ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command;
  return spawn(first!, rest, { env: { ...inherited(), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
}

const canTie = spawnSync('setpriv', ['--pdeathsig', 'keep', 'true']).status === 0;

/** Nothing that this machine's user has set changes what a test does. */
function inherited(): NodeJS.ProcessEnv {
  const kept = ['MUSTER_NATS_SERVER', 'MUSTER_CI_MARK'];
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(MUSTER_|NODE_OPTIONS$|VITEST)/.test(name) || kept.includes(name),
    ),
  );
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = [];
  child[stream]!.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
