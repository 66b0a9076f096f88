// Brings what happened to the tasks of the node into the log: many statuses in one event, one event under way at a
// time, and never an older state of a task after a newer one. What waits here waits as long as the log is away; it is
// never more than one status for each task.
import { ENVELOPE_BYTES, fitText, sizeOfText, type TaskStatus, UnreadableEventError } from '@muster/events';
import { type Log, RecordTooLargeError } from '@muster/log';
import type { Clock, Logger, Timer } from '@muster/runtime';
import { describeError } from '../tasks/patience.ts';
import type { OwnEvents } from './own-events.ts';
import { readStatus } from './readable-status.ts';

/** Most statuses in one event, however much a record may hold: folding it must not hold up anything else. */
export const REPORT_LIMIT = 4_000;
/** What an engine says may be a page of a proxy, or a task's last output. */
const MAX_WORDS_BYTES = 4_096;
/** Of a status without its texts: names of fields, figures. */
const STATUS_BYTES = 128;

/** How long a status that nobody waits for may wait for others (SwarmKit's manager/dispatcher does the same). */
const REPORT_DELAY_MS = 100;

export type TimedStatus = TaskStatus & { readonly at: number };

export interface ReporterOptions {
  readonly own: Pick<OwnEvents, 'write'>;
  readonly log: Pick<Log, 'maxRecordBytes'>;
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
  const { own, log, clock, logger, nodeId, session, onEnd } = options;
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

  /** As much as a record holds. What is gone has its turn when no status waits. */
  function take(): Batch {
    let room = log.maxRecordBytes - ENVELOPE_BYTES - sizeOfText(nodeId) - sizeOfText(session);
    const taken: TimedStatus[] = [];
    for (const status of statuses.values()) {
      room -= sizeOfStatus(status);
      if (taken.length === REPORT_LIMIT || (room < 0 && taken.length > 0)) break;
      taken.push(status);
      statuses.delete(status.id);
    }
    const takenGone: string[] = [];
    for (const id of statuses.size > 0 ? [] : gone) {
      room -= sizeOfText(id) + 1;
      if (takenGone.length === REPORT_LIMIT || (room < 0 && taken.length + takenGone.length > 0)) break;
      takenGone.push(id);
      gone.delete(id);
    }
    due = statuses.size > 0 || gone.size > 0;
    return { statuses: taken, gone: takenGone };
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
      // The server may be another one meanwhile.
      if (!(error instanceof RecordTooLargeError)) throw error;
      const halves = halve(batch);
      if (!halves) {
        const task = batch.statuses[0]?.id ?? batch.gone[0];
        logger.warn({ task, err: describeError(error) }, 'the log can not take a status: it is dropped');
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
      statuses.set(status.id, cutWords(status));
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

function cutWords(status: TimedStatus): TimedStatus {
  const { message = '', err = '' } = status;
  if (sizeOfText(message) <= MAX_WORDS_BYTES && sizeOfText(err) <= MAX_WORDS_BYTES) return status;
  return {
    ...status,
    ...(message !== '' && { message: fitText(message, MAX_WORDS_BYTES) }),
    ...(err !== '' && { err: fitText(err, MAX_WORDS_BYTES) }),
  };
}

/** At most, with a comma. */
function sizeOfStatus({ id, message = '', err = '', runId = '' }: TimedStatus): number {
  return STATUS_BYTES + sizeOfText(id) + sizeOfText(message) + sizeOfText(err) + sizeOfText(runId);
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
