// Structured logs on standard error. Log at decisions, not at calls; the message is a constant.
import { type Logger as PinoLogger, pino } from 'pino';
import { StartError } from './nats/start-error.ts';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'>;

/** Level from MUSTER_LOG_LEVEL, or the one given. */
export function createLogger(bindings: Record<string, unknown>, defaultLevel = 'info'): Logger {
  const level = process.env.MUSTER_LOG_LEVEL || defaultLevel;
  if (level !== 'silent' && !Object.hasOwn(pino.levels.values, level)) {
    const known = [...Object.keys(pino.levels.values), 'silent'].join(', ');
    throw new StartError(`MUSTER_LOG_LEVEL is "${level}": there is ${known}`);
  }
  return pino(
    { level, base: bindings, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLogger: Logger = pino({ level: 'silent' });
