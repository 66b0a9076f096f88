// One look at every copy there is: asks all at once over NATS, the log for its head, and an API for the cluster in numbers.
import type { Status } from '@muster/api';
import { type Asked, askCopies, type CopyStats } from '@muster/telemetry';
import type { Session } from '../session.ts';

export interface Look {
  readonly logHead: number;
  readonly takenAt: number;
  readonly processes: readonly CopyStats[];
  /** Those among them that have not answered this time, but before; since when. */
  readonly silentSince?: ReadonlyMap<string, number>;
  /** Undefined when no API answers. */
  readonly status: Status | undefined;
}

export interface LookOptions {
  /** Agents too; there may be thousands. */
  readonly agents: boolean;
  /** The look before this one: its processes are expected to answer, and nobody else is waited for. */
  readonly before: Look | undefined;
}

const PATIENCE_MS = 600;
const API_TIMEOUT_MS = 2_000;
/** An API counts every task to answer: it is asked again when that is a small part of its time. */
const STATUS_SHARE = 20;

export function createLooker({ bus, log, queries }: Pick<Session, 'bus' | 'log' | 'queries'>) {
  let status: Status | undefined;
  let askAgainAt = 0;

  async function askStatus(): Promise<Status | undefined> {
    const startedAt = performance.now();
    if (startedAt < askAgainAt) return status;
    const asked = queries.ask('status', {}, { timeoutMs: API_TIMEOUT_MS });
    status = await asked.then(
      ({ answer }) => answer,
      () => undefined,
    );
    askAgainAt = performance.now() + STATUS_SHARE * (performance.now() - startedAt);
    return status;
  }

  function ask(asked: Asked, before: Look | undefined): Promise<readonly CopyStats[]> {
    const expected = new Set(before?.processes.map(({ process }) => process));
    return askCopies(bus, asked, {
      patienceMs: PATIENCE_MS,
      // How many answers an agent's process gives depends on how many nodes it has.
      ...(asked === 'control' &&
        before && {
          isEnough: (answers) => {
            const heard = new Set(answers.map(({ process }) => process));
            return [...expected].every((process) => heard.has(process));
          },
        }),
    });
  }

  return async ({ agents, before }: LookOptions): Promise<Look> => {
    // Asked for first: a fold that goes on meanwhile is not behind.
    const logHead = await log.head();
    const takenAt = performance.now();
    const [control, nodes, summary] = await Promise.all([
      ask('control', before),
      agents ? ask('agent', before) : [],
      askStatus(),
    ]);
    return { logHead, takenAt, processes: [...control, ...nodes], status: summary };
  };
}
