// Gives intents to the log as a client does: as fast as so many in flight allow, or at a steady pace.
import { encodeJson, intentSubject } from '@muster/events';
import type { Log } from '@muster/log';

export interface Intent {
  readonly team?: string;
  readonly verb?: string;
  readonly name: string;
  readonly body?: unknown;
}

const IN_FLIGHT = 256;

/** What a simulated node runs without a word of its own. */
export const PLAIN_SERVICE = { image: 'bench', replicas: 1, restart: { delay: 0 } } as const;

/** Resolves with its sequence when it is stored. */
export async function giveIntent(
  log: Log,
  { team, verb = 'apply', name, body = PLAIN_SERVICE }: Intent,
): Promise<number> {
  const appended = await log.append(intentSubject('bench', 'service', verb, name, team), encodeJson(body));
  if (!appended.ok) throw new Error('an intent expects nothing');
  return appended.seq;
}

/** Resolves when all are stored. */
export async function giveAll(
  log: Log,
  intents: Iterable<Intent> | AsyncGenerator<Intent>,
  inFlight = IN_FLIGHT,
): Promise<void> {
  const left = Symbol.asyncIterator in intents ? intents : intents[Symbol.iterator]();
  const worker = async () => {
    for (let next = await left.next(); !next.done; next = await left.next())
      await giveIntent(log, next.value);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

export interface Pace {
  /** Answered so far, and given but not answered. */
  readonly given: number;
  /** When each was given away, by name: ms since the epoch. */
  readonly givenAt: ReadonlyMap<string, number>;
  /** Resolves when every one that was given is stored. Throws when one was not. */
  stop(): Promise<void>;
}

/** One every so many ms, whatever becomes of those before. Late ones are caught up with. */
export function giveSteadily(log: Log, everyMs: number, make: (index: number) => Intent): Pace {
  const givenAt = new Map<string, number>();
  const answers: Promise<unknown>[] = [];
  const started = performance.now();
  const give = () => {
    while (performance.now() - started >= answers.length * everyMs) {
      const intent = make(answers.length);
      givenAt.set(intent.name, preciseNow());
      const answer = giveIntent(log, intent);
      // Looked at in the end.
      answer.catch(() => undefined);
      answers.push(answer);
    }
  };
  const timer = setInterval(give, Math.max(1, everyMs / 2));
  return {
    get given() {
      return answers.length;
    },
    givenAt,
    async stop() {
      clearInterval(timer);
      await Promise.all(answers);
    },
  };
}

/** Ms since the epoch, with a fraction. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}
