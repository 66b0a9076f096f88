// Records that are void because somebody has said so (`record.voided`). A fold has to know them before it begins: a record
// that is left out is left out from the start. What may be void is judged by what every build has ever agreed on, or two
// of them would fold to different states. Pure.
import { crc32 } from '@muster/digests';
import {
  decodeEvent,
  type EventOf,
  eventSubject,
  FIRST_WIRE_VERSION,
  parseIntentSubject,
  type RawRecord,
} from '@muster/events';

export interface Voiding {
  /** Of the event that says so. */
  readonly seq: number;
  readonly actor: string;
  readonly reason: string;
}

export interface Voids {
  /** What was said up to there is known, and nothing else. */
  readonly readTo: number;
  readonly byRecord: ReadonlyMap<number, Voiding>;
}

export const NO_VOIDS: Voids = { readTo: 0, byRecord: new Map() };

const OPERATOR_SUBJECTS = eventSubject('operator', 'void', '');
const isOfOperator = ({ subject }: Pick<RawRecord, 'subject'>) => subject.startsWith(OPERATOR_SUBJECTS);

/** An intent is answered, a void stands, and the record that says whose log it is has all ids follow from it. */
export function mayBeVoided(record: RawRecord): boolean {
  if (parseIntentSubject(record.subject) || isOfOperator(record)) return false;
  const fact = decodeEvent(record, FIRST_WIRE_VERSION);
  return fact.is !== 'event' || fact.event.type !== 'cluster.created';
}

/** What says whether it is the same record that somebody meant. */
export function sumOfRecord({ data }: Pick<RawRecord, 'data'>): number {
  return crc32(data);
}

export interface VoidsReader {
  readonly byRecord: ReadonlyMap<number, Voiding>;
  /** The record that is to be void by this one; undefined when it says nothing of the kind. */
  targetOf(record: RawRecord): number | undefined;
  /** Of two that say the same, the first stands. */
  note(record: RawRecord, target: RawRecord | undefined): void;
}

export function createVoidsReader(): VoidsReader {
  const byRecord = new Map<number, Voiding>();
  return {
    byRecord,
    targetOf(record) {
      const event = readVoid(record);
      return event && event.record < record.seq && !byRecord.has(event.record) ? event.record : undefined;
    },
    note(record, target) {
      const event = readVoid(record);
      if (!event || !target || byRecord.has(target.seq)) return;
      const isMeant = event.subject === target.subject && event.sum === sumOfRecord(target);
      if (isMeant && mayBeVoided(target))
        byRecord.set(target.seq, { seq: record.seq, actor: event.actor, reason: event.reason });
    },
  };
}

/** Whether a state was folded without the records that are void up to its head, and with all others. */
export function wasFoldedWithout(
  { head, voided }: { readonly head: number; readonly voided: ReadonlySet<number> },
  { byRecord }: Voids,
): boolean {
  const wanted = [...byRecord.keys()].filter((seq) => seq <= head);
  return wanted.length === voided.size && wanted.every((seq) => voided.has(seq));
}

/** Of records that are all at hand, in log order from the first. */
export function findVoids(records: readonly RawRecord[]): Voids {
  const reader = createVoidsReader();
  for (const record of records) {
    const target = reader.targetOf(record);
    if (target !== undefined) reader.note(record, records[target - 1]);
  }
  return { readTo: records.length, byRecord: reader.byRecord };
}

function readVoid(record: RawRecord): EventOf<'record.voided'> | undefined {
  if (!isOfOperator(record)) return undefined;
  const fact = decodeEvent(record, FIRST_WIRE_VERSION);
  return fact.is === 'event' && fact.event.type === 'record.voided' ? fact.event : undefined;
}
