// From a record of the log to a fact that can be folded. Never throws: whatever is not an event is poison, with
// its reason, and whatever a newer program wrote is unknown.
import { shortenReason } from '@muster/model';
import type { z } from 'zod';
import { definitionByType, type MusterEvent } from './catalogue.ts';
import { type EventDefinition, envelopeSchema } from './envelope.ts';
import { type EventSubject, type IntentSubject, parseEventSubject, parseIntentSubject } from './subjects.ts';

/** The part of a log record that decoding needs. */
export interface RawRecord {
  readonly seq: number;
  readonly subject: string;
  /** Ms since the epoch, by the log's clock. */
  readonly time: number;
  readonly data: Uint8Array;
}

interface FactBase {
  readonly seq: number;
  readonly time: number;
  readonly subject: string;
}

export interface IntentFact extends FactBase, IntentSubject {
  readonly is: 'intent';
  readonly actor: string;
  /** The JSON value of the payload; undefined when there is none, or `error` is set. */
  readonly body: unknown;
  readonly error: string | undefined;
}

export interface EventFact<Event extends MusterEvent = MusterEvent> extends FactBase {
  readonly is: 'event';
  readonly address: EventSubject;
  readonly event: Event;
}

/** Not an event, though it stands on an event's subject. */
export interface PoisonFact extends FactBase {
  readonly is: 'poison';
  readonly reason: string;
}

/** A reducer of a newer version wrote it: whoever does not know it must not go on deciding. */
export interface UnknownFact extends FactBase {
  readonly is: 'unknown';
  readonly reason: string;
}

export type Fact = IntentFact | EventFact | PoisonFact | UnknownFact;

/** Larger intents are refused. A spec of this size is a mistake. */
export const MAX_INTENT_BYTES = 1024 * 1024;
/** And so are those that nest deeper: whoever walks through one must not run out of stack. */
export const MAX_INTENT_DEPTH = 64;

/** The part of a definition that decoding needs. */
export type Definitions = ReadonlyMap<
  string,
  Pick<EventDefinition, 'version' | 'writer' | 'kind' | 'upcasters'> & { readonly schema: z.ZodType }
>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function decode(record: RawRecord): Fact {
  const intent = parseIntentSubject(record.subject);
  return intent ? decodeIntent(record, intent) : decodeEvent(record);
}

function decodeIntent({ seq, time, subject, data }: RawRecord, address: IntentSubject): IntentFact {
  const base = { is: 'intent', seq, time, subject, ...address } as const;
  if (data.length > MAX_INTENT_BYTES) {
    return {
      ...base,
      body: undefined,
      error: `the intent has ${data.length} bytes; at most ${MAX_INTENT_BYTES} are allowed`,
    };
  }
  if (data.length === 0) return { ...base, body: undefined, error: undefined };
  try {
    const text = utf8.decode(data);
    if (measureDepth(text) <= MAX_INTENT_DEPTH) return { ...base, body: JSON.parse(text), error: undefined };
    return { ...base, body: undefined, error: `the payload nests deeper than ${MAX_INTENT_DEPTH} levels` };
  } catch (error) {
    return { ...base, body: undefined, error: `the payload is not JSON: ${(error as Error).message}` };
  }
}

/** Levels of arrays and objects in a JSON text. */
function measureDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '"') inString = !inString;
    else if (inString) index += char === '\\' ? 1 : 0;
    else if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth);
    else if (char === ']' || char === '}') depth -= 1;
  }
  return deepest;
}

/** `definitions` are the catalogue, except in tests. */
export function decodeEvent(
  record: RawRecord,
  definitions: Definitions = definitionByType,
): EventFact | PoisonFact | UnknownFact {
  const { seq, time, subject } = record;
  const address = parseEventSubject(subject);
  if (!address) return poison(record, 'no event has such a subject');
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(record.data));
  } catch (error) {
    return poison(record, `the payload is not JSON: ${(error as Error).message}`);
  }
  const event = readUsual(json, address, definitions);
  return event
    ? { is: 'event', seq, time, subject, address, event }
    : examine(record, json, address, definitions);
}

/** What nearly every record is, in as few steps as can be: an event of its type's version, where it belongs. */
function readUsual(json: unknown, address: EventSubject, definitions: Definitions): MusterEvent | undefined {
  const { type, v } = (json ?? {}) as { readonly type?: unknown; readonly v?: unknown };
  const definition = definitions.get(type as string);
  if (definition?.version !== v || definition?.writer !== address.writer || definition.kind !== address.kind)
    return undefined;
  const parsed = definition.schema.safeParse(json);
  if (!parsed.success) return undefined;
  const event = parsed.data as MusterEvent;
  return subjectIdOf(event) === address.id ? event : undefined;
}

/** What is wrong with it; or it is old, and has to be upcast. */
function examine(
  record: RawRecord,
  json: unknown,
  address: EventSubject,
  definitions: Definitions,
): EventFact | PoisonFact | UnknownFact {
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return poison(record, describeIssue(envelope.error.issues[0]!));
  const { type, v, writer } = envelope.data;
  if (writer !== address.writer)
    return poison(record, `it says it is by "${writer}" on a subject of "${address.writer}"`);
  const { seq, time, subject } = record;
  const definition = definitions.get(type);
  if (!definition || v > definition.version) {
    // Agents are not trusted: one must not be able to halt the reducers with an invented event.
    const reason = `this program does not know event ${type} version ${v}`;
    return writer === 'agent' ? poison(record, reason) : { is: 'unknown', seq, time, subject, reason };
  }
  if (definition.writer !== address.writer || definition.kind !== address.kind) {
    return poison(record, `${type} does not belong on this subject`);
  }
  let current: unknown;
  try {
    current = upcast(json as Record<string, unknown>, v, definition);
  } catch (error) {
    return poison(record, `${type} version ${v} can't be read: ${(error as Error).message}`);
  }
  const parsed = definition.schema.safeParse(current);
  if (!parsed.success) return poison(record, describeIssue(parsed.error.issues[0]!));
  const event = parsed.data as MusterEvent;
  if (subjectIdOf(event) !== address.id)
    return poison(record, `the subject is about ${address.id}, the event about ${subjectIdOf(event)}`);
  return { is: 'event', seq, time, subject, address, event };
}

function poison({ seq, time, subject }: RawRecord, reason: string): PoisonFact {
  return { is: 'poison', seq, time, subject, reason: shortenReason(reason) };
}

/** Old events were checked by nobody but their writer: an upcaster may throw. */
function upcast(
  json: Record<string, unknown>,
  from: number,
  { version, upcasters }: Pick<EventDefinition, 'version' | 'upcasters'>,
): Record<string, unknown> {
  let current = json;
  for (let step = from; step < version; step += 1) {
    current = { ...upcasters[step]!(current), v: step + 1 };
  }
  return current;
}

/** The id that an event's subject must end in. */
export function subjectIdOf(event: MusterEvent): string {
  if ('serviceId' in event) return event.serviceId;
  if ('nodeId' in event) return event.nodeId;
  if ('intent' in event) return String(event.intent);
  return String(event.record);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
