// Runs a program, in the network of a namespace where one is named, and gives it its lines.
import { channel } from 'node:diagnostics_channel';
import { Forker, type Outcome } from './forker.ts';

/** Administrators' programs, for a PATH that leaves them out. */
export const SEARCH_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

/** Of a namespace: a path. Undefined is where this process is. */
export type Netns = string | undefined;

/** Told of each command before it begins. */
export const COMMANDS = 'muster.network.command';
const commands = channel(COMMANDS);

/** More than that at once gain nothing. */
const FORKERS = 4;
const idle: Forker[] = [];
const queue: (() => void)[] = [];
let started = 0;

export async function run(netns: Netns, command: readonly string[], input = ''): Promise<Outcome> {
  const forker = await take();
  try {
    commands.publish(command);
    return await forker.run(inNetns(netns, command), input);
  } finally {
    giveBack(forker);
  }
}

async function take(): Promise<Forker> {
  while (idle.length === 0 && started >= FORKERS) await new Promise<void>((resolve) => queue.push(resolve));
  const forker = idle.pop();
  if (forker !== undefined && !forker.hasEnded) return forker;
  if (forker === undefined) started += 1;
  return new Forker({ ...process.env, PATH: SEARCH_PATH, LC_ALL: 'C' });
}

function giveBack(forker: Forker): void {
  idle.push(forker);
  queue.shift()?.();
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
