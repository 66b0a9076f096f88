// For what others bring about, who may do it by the thousand: each warning and error is said at once with one as an example,
// and again after longer and longer, with how many were not. Nobody outside fills the log of a program.
import type { Clock } from './clock.ts';
import type { Logger } from './logging.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;

interface Said {
  times: number;
  quietUntil: number;
  unsaid: number;
}

/** Messages are constants, and tell one kind from another. What is no trouble is passed on as it is. */
export function createSparingLogger(logger: Logger, clock: Pick<Clock, 'now'>): Logger {
  const known = new Map<string, Said>();

  /** How many were not said since the last time; undefined when this one is not to be said either. */
  function take(message: string): number | undefined {
    const now = clock.now();
    let said = known.get(message);
    if (said === undefined || now > said.quietUntil + LONGEST_WAIT_MS) {
      said = { times: 0, quietUntil: now, unsaid: said?.unsaid ?? 0 };
      known.set(message, said);
    }
    // A clock that was set back keeps nobody quiet.
    if (now < said.quietUntil && said.quietUntil - now <= LONGEST_WAIT_MS) {
      said.unsaid += 1;
      return undefined;
    }
    const { unsaid } = said;
    said.quietUntil = now + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(said.times, 30));
    said.times += 1;
    said.unsaid = 0;
    return unsaid;
  }

  const say = (level: 'warn' | 'error') => (fields: object, message: string) => {
    const others = take(message);
    if (others !== undefined) logger[level](others === 0 ? fields : { ...fields, others }, message);
  };
  return {
    debug: logger.debug.bind(logger),
    info: logger.info.bind(logger),
    warn: say('warn') as Logger['warn'],
    error: say('error') as Logger['error'],
  };
}
