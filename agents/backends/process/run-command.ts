// Runs a command beside a task, with the task's environment and directory, and collects what it prints.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { ExecResult } from '../backend.ts';
import { type CommandPlace, explainMissing, findExecutable } from './environment.ts';

/** What each of the two outputs may hold; the rest is dropped. */
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const NOT_FOUND = 127;

/** `over` ends it by force, with all that it has started. */
export async function runCommand(
  command: readonly string[],
  place: CommandPlace,
  over: AbortSignal,
): Promise<ExecResult> {
  const [name = '', ...args] = command;
  const executable = findExecutable(name, place);
  if (executable === undefined)
    return { exitCode: NOT_FOUND, stdout: '', stderr: `${explainMissing(name)}\n` };
  over.throwIfAborted();
  const child = spawn(executable, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let end: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    end = () => {
      killGroup(child.pid);
      reject(over.reason);
    };
  });
  over.addEventListener('abort', end);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
  const outcome = Promise.all([collect(child.stdout), collect(child.stderr), ended]);
  try {
    const [stdout, stderr, exitCode] = await Promise.race([outcome, aborted]);
    return { exitCode, stdout, stderr };
  } finally {
    over.removeEventListener('abort', end);
    // Given up, nobody waits for it any more.
    outcome.catch(() => undefined);
  }
}

/** Led by the command. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

async function collect(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let room = OUTPUT_LIMIT_BYTES;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    parts.push(chunk.subarray(0, room));
    room = Math.max(0, room - chunk.length);
  }
  return Buffer.concat(parts).toString();
}
