// Brings what happened to the tasks of the node into the log: many statuses in one event, one event under way at a
// time, and never an older state of a task after a newer one. What waits here waits as long as the log is away; it is
// never more than one status for each task.
import { type TaskStatus, UnreadableEventError } from '@muster/events';
import { RecordTooLargeError } from '@muster/log';
import type { Clock, Logger, Timer } from '@muster/runtime';
import type { OwnEvents } from './own-events.ts';
import { describeError } from './patience.ts';
import { readStatus } from './readable-status.ts';

/** Most statuses in one event. */
export const REPORT_LIMIT = 4_000;

/** How long a status that nobody waits for may wait for others (SwarmKit's manager/dispatcher does the same). */
const REPORT_DELAY_MS = 100;

export type TimedStatus = TaskStatus & { readonly at: number };

export interface ReporterOptions {
  readonly own: Pick<OwnEvents, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly nodeId: string;
  readonly session: string;
  /** Reporting is over: the agent was stopped or displaced. */
  readonly onEnd: (error: unknown) => void;
}

export interface Reporter {
  report(status: TimedStatus, options: { readonly urgent: boolean }): void;
  reportGone(taskId: string): void;
  /** Sends all that waits. Resolves once it is stored. */
  flush(): Promise<void>;
  /** Statuses that are not stored yet. */
  readonly waiting: number;
  /** Statuses that have been stored. */
  readonly stored: number;
  /** Statuses in which something was left out, because it could not have been read back. */
  readonly odd: number;
}

interface Batch {
  readonly statuses: readonly TimedStatus[];
  readonly gone: readonly string[];
}

export function createReporter(options: ReporterOptions): Reporter {
  const { own, clock, logger, nodeId, session, onEnd } = options;
  const statuses = new Map<string, TimedStatus>();
  const gone = new Set<string>();
  let due = false;
  let timer: Timer | undefined;
  let isUrgent = false;
  let sending: Promise<void> | undefined;
  let underWay = 0;
  let stored = 0;
  let odd = 0;

  function makeDue(): void {
    timer?.cancel();
    timer = undefined;
    due = statuses.size > 0 || gone.size > 0;
    if (due) sending ??= send();
  }

  /** What happens at the same moment goes into the same event, even when it is urgent. */
  function makeDueSoon(urgent: boolean): void {
    if (due) return;
    if (urgent && sending) {
      due = true;
      return;
    }
    if (timer && (isUrgent || !urgent)) return;
    timer?.cancel();
    isUrgent = urgent;
    timer = clock.schedule(urgent ? 0 : REPORT_DELAY_MS, makeDue);
  }

  async function send(): Promise<void> {
    try {
      while (due) {
        const batch = take();
        underWay = batch.statuses.length;
        await write(batch);
        stored += underWay;
        underWay = 0;
      }
    } catch (error) {
      due = false;
      onEnd(error);
    } finally {
      sending = undefined;
    }
  }

  function take(): Batch {
    const taken: TimedStatus[] = [];
    for (const status of statuses.values()) {
      if (taken.length === REPORT_LIMIT) break;
      taken.push(status);
      statuses.delete(status.id);
    }
    const batch = { statuses: taken, gone: statuses.size > 0 ? [] : [...gone].slice(0, REPORT_LIMIT) };
    for (const id of batch.gone) gone.delete(id);
    due = statuses.size > 0 || gone.size > 0;
    return batch;
  }

  async function write(batch: Batch): Promise<void> {
    const now = clock.now();
    const body = {
      nodeId,
      session,
      statuses: batch.statuses.map((status) => stripTime(status, now)),
      gone: [...batch.gone],
    };
    try {
      await own.write({ type: 'tasks.reported', cause: 0, ...body });
    } catch (error) {
      if (error instanceof UnreadableEventError) return writeReadable(batch, error);
      if (!(error instanceof RecordTooLargeError)) throw error;
      const halves = halve(batch);
      if (!halves) {
        logger.error({ err: describeError(error) }, 'a status is too large for the log, and is dropped');
        return;
      }
      for (const half of halves) await write(half);
    }
  }

  /** One odd value does not keep the others from being told. */
  async function writeReadable(batch: Batch, error: UnreadableEventError): Promise<void> {
    const before = odd;
    const statuses = batch.statuses.flatMap((whole) => {
      const { status, oddities } = readStatus(whole);
      if (oddities.length === 0) return [whole];
      odd += 1;
      for (const { field, why } of oddities) {
        const what = status ? 'a status is told without what can not be stored' : 'a status is dropped';
        logger.warn({ task: whole.id, state: whole.state, field, err: why }, what);
      }
      return status ? [{ ...status, at: status.at ?? clock.now() }] : [];
    });
    // Nothing of it that could be left out: it would fail for ever.
    if (odd === before) logger.error({ err: error.message }, 'a report is dropped');
    else if (statuses.length + batch.gone.length > 0) await write({ statuses, gone: batch.gone });
  }

  return {
    report(status, { urgent }) {
      statuses.set(status.id, status);
      makeDueSoon(urgent);
    },
    reportGone(taskId) {
      gone.add(taskId);
      makeDueSoon(false);
    },
    async flush() {
      makeDue();
      await sending;
    },
    get waiting() {
      return statuses.size + underWay;
    },
    get stored() {
      return stored;
    },
    get odd() {
      return odd;
    },
  };
}

/** A status that did not have to wait has the event's own time. */
function stripTime({ at, ...status }: TimedStatus, now: number): TaskStatus {
  return Math.abs(now - at) <= REPORT_DELAY_MS ? status : { ...status, at };
}

function halve({ statuses, gone }: Batch): Batch[] | undefined {
  if (statuses.length + gone.length < 2) return undefined;
  const middle = Math.ceil(statuses.length / 2);
  const middleGone = Math.floor(gone.length / 2);
  return [
    { statuses: statuses.slice(0, middle), gone: gone.slice(0, middleGone) },
    { statuses: statuses.slice(middle), gone: gone.slice(middleGone) },
  ];
}
