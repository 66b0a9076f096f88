// Runs a program, in the network of a namespace where one is named, and gives it its lines.
import { spawn } from 'node:child_process';

/** Administrators' programs, for a PATH that leaves them out. */
export const SEARCH_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a namespace: a path. Undefined is where this process is. */
export type Netns = string | undefined;

export async function run(netns: Netns, command: readonly string[], input = ''): Promise<Outcome> {
  const [program, ...args] = inNetns(netns, command);
  const child = spawn(program!, args, { env: { ...process.env, PATH: SEARCH_PATH, LC_ALL: 'C' } });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => resolve(exitCode ?? -1));
  });
  return { code, stdout: stdout(), stderr: stderr() };
}

/** The same, where anything but success is an error. */
export async function runOrFail(netns: Netns, command: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await run(netns, command, input);
  if (code !== 0) throw new Error(`${command[0]}: ${stderr.trim() || `ended with ${code}`}`);
  return stdout;
}

export function inNetns(netns: Netns, command: readonly string[]): readonly string[] {
  return netns === undefined ? command : ['nsenter', `--net=${netns}`, '--', ...command];
}

/** Runs lines for `ip -batch` or `bridge -batch` to the end, and answers with those that failed and why. */
export async function runBatch(
  netns: Netns,
  program: 'ip' | 'ip -6' | 'bridge',
  lines: readonly string[],
): Promise<{ readonly line: string; readonly reason: string }[]> {
  if (lines.length === 0) return [];
  const { stderr, code } = await run(
    netns,
    [...program.split(' '), '-force', '-batch', '-'],
    `${lines.join('\n')}\n`,
  );
  if (code === 0) return [];
  const failures: { line: string; reason: string }[] = [];
  let said: string[] = [];
  for (const words of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)/.exec(words)?.[1];
    if (number === undefined) {
      if (words !== '') said.push(words);
      continue;
    }
    failures.push({ line: lines[Number(number) - 1]!, reason: said.join(' ') });
    said = [];
  }
  return failures.length > 0 ? failures : [{ line: program, reason: stderr.trim() || `ended with ${code}` }];
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
