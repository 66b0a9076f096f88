// What a command ends with when it can't do what it was asked: a sentence that says what to do next, and an exit code.

import { ownValue } from '@muster/model';
import { plainText } from './output/plain-text.ts';
import { explainPermission, permissionOf } from './permissions.ts';

export const exitCodes = {
  done: 0,
  /** Refused, or failed. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** NATS, or who answers there, can't be reached. */
  unreachable: 3,
  /** Not done in time. It may still go on. */
  timedOut: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.refused,
  ) {
    super(message);
  }
}

export function usageError(message: string): CliError {
  return new CliError(message, exitCodes.usage);
}

/** Told by name: the classes live in packages that a command which fails early needn't load. */
const codeByName: Readonly<Record<string, ExitCode>> = {
  ConnectError: exitCodes.unreachable,
  NoApiError: exitCodes.unreachable,
  NoAnswerError: exitCodes.unreachable,
  LogUnavailableError: exitCodes.unreachable,
  UnsuitableServerError: exitCodes.unreachable,
  DirectoryHeldError: exitCodes.refused,
  LogGoneError: exitCodes.refused,
  LogDivergedError: exitCodes.refused,
  LogGapError: exitCodes.refused,
  StreamMismatchError: exitCodes.refused,
  StreamRefusedError: exitCodes.refused,
  LogRefusedError: exitCodes.refused,
  RecordTooLargeError: exitCodes.refused,
  BackendUnavailableError: exitCodes.unreachable,
  ListenError: exitCodes.refused,
  StartError: exitCodes.refused,
  TemplateError: exitCodes.usage,
};

export interface Explained {
  readonly message: string;
  readonly exitCode: number;
}

export function explainError(error: unknown): Explained {
  if (error instanceof CliError) return { message: error.message, exitCode: error.exitCode };
  if (!(error instanceof Error)) return { message: String(error), exitCode: exitCodes.refused };
  if (error.name === 'QueryRefusedError') {
    const timedOut = (error as Error & { kind?: string }).kind === 'timeout';
    return { message: plainText(error.message), exitCode: timedOut ? exitCodes.timedOut : exitCodes.refused };
  }
  const permission = permissionOf(error);
  if (permission) return { message: explainPermission(permission), exitCode: exitCodes.refused };
  const exitCode = ownValue(codeByName, error.name);
  if (error.name === 'TemplateError')
    return { message: `template parsing error: ${error.message}`, exitCode: exitCodes.usage };
  if (exitCode !== undefined) return { message: error.message, exitCode };
  if (isOfSystem(error)) return { message: error.message, exitCode: exitCodes.refused };
  // Say where.
  const where = error.stack ?? error.message;
  return { message: `this is a fault of muster itself: ${where}`, exitCode: exitCodes.refused };
}

/** A file, a folder or a port that can't be had: "EACCES: permission denied, mkdir '/srv'". */
function isOfSystem(error: Error): boolean {
  return 'syscall' in error && 'code' in error;
}
