// Ctrl-C while waiting: what was asked for goes on, and whoever asked is told so.
import { CliError, exitCodes } from '../errors.ts';

export async function interruptible<T>(message: string, wait: () => Promise<T>): Promise<T> {
  let onSignal: () => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    onSignal = () => reject(new CliError(message, exitCodes.interrupted));
  });
  process.once('SIGINT', onSignal);
  try {
    return await Promise.race([wait(), interrupted]);
  } finally {
    process.off('SIGINT', onSignal);
  }
}
