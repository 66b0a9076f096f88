// What the engine's errors mean: the engine is away, or it said no in words. Its words are kept as they are.
import { BackendUnavailableError } from '../backend.ts';

const UNREACHABLE = new Set([
  'ABORT_ERR',
  'EACCES',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'ENOTSOCK',
  'EPERM',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** The HTTP status of the engine's answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** The engine's own sentence, without what the client put around it. */
export function wordsOf(error: unknown): string {
  const { json, message } = error as { json?: { message?: unknown } | null; message?: string };
  if (typeof json?.message === 'string') return json.message.trim();
  return (message ?? String(error)).replace(/^\(HTTP code \d+\) .*? - /, '').trim();
}

/** The same failure, as the port has it. `statusOf` still tells its status. */
export function translateError(error: unknown, address: string): Error {
  const statusCode = statusOf(error);
  if (statusCode !== undefined)
    return Object.assign(new Error(wordsOf(error), { cause: error }), { statusCode });
  const code = (error as { code?: unknown } | undefined)?.code;
  const name = (error as { name?: unknown } | undefined)?.name;
  if (UNREACHABLE.has(String(code)) || name === 'TimeoutError' || name === 'AbortError') {
    return unavailable(address, error);
  }
  return error instanceof Error ? error : new Error(String(error));
}

function unavailable(address: string, cause: unknown): BackendUnavailableError {
  const { code, message } = cause as { code?: string; message?: string };
  const advice =
    code === 'EACCES' || code === 'EPERM'
      ? 'run the agent as a user who may use that socket'
      : 'start it, or point DOCKER_HOST at one that runs';
  return new BackendUnavailableError(
    `the Docker engine at ${address} does not answer (${message}): ${advice}`,
    {
      cause,
    },
  );
}
