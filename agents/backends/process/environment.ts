// What a command runs with: its environment, its directory, and the file its name stands for.
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { locateWork, type ProcessOrder } from './task-files.ts';

/** All that a task gets to see of the agent's own environment, which may hold credentials. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'] as const;

/** As Docker reads it: a later entry wins, and one without "=" takes a variable away. */
export function buildEnvironment(entries: readonly string[]): Record<string, string> {
  const env = new Map<string, string>();
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env.set(name, value);
  }
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    if (equals < 0) env.delete(entry);
    else env.set(entry.slice(0, equals), entry.slice(equals + 1));
  }
  return Object.fromEntries(env);
}

export interface CommandPlace {
  readonly env: Record<string, string>;
  readonly cwd: string;
}

export function placeCommand(directory: string, order: ProcessOrder): CommandPlace {
  return { env: buildEnvironment(order.env), cwd: order.dir ?? locateWork(directory) };
}

/** The file a command's name stands for; undefined when there is none to execute. */
export function findExecutable(command: string, { env, cwd }: CommandPlace): string | undefined {
  const candidates = command.includes('/')
    ? [path.resolve(cwd, command)]
    : (env.PATH ?? '').split(':').map((directory) => path.resolve(cwd, directory, command));
  return candidates.find(isExecutable);
}

/** Docker's sentence. */
export function explainMissing(command: string): string {
  return command.includes('/')
    ? `exec: "${command}": no such file, or not executable`
    : `exec: "${command}": executable file not found in $PATH`;
}

/** Linux takes no longer argument or variable (MAX_ARG_STRLEN), with the zero at its end. */
const LONGEST_BYTES = 128 * 1024 - 1;

export function explainTooLong(args: readonly string[], { env }: CommandPlace): string | undefined {
  const isTooLong = (text: string) => Buffer.byteLength(text) >= LONGEST_BYTES;
  const place = args.findIndex(isTooLong);
  if (place >= 0)
    return `exec: argument list too long: argument ${place} has ${args[place]!.length} characters`;
  const variable = Object.entries(env).find(([name, value]) => isTooLong(`${name}=${value}`));
  return variable && `exec: argument list too long: the variable ${variable[0].slice(0, 100)}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
