// From a record of the log to a fact that can be folded. Never throws: whatever is not an event is poison, with
// its reason, and whatever a newer program wrote is unknown.
import { ownValue, setOwn, shortenReason } from '@muster/model';
import { catalogue, definitionByType, type MusterEvent } from '../catalogue.ts';
import { checkOf, type EventDefinition, envelopeSchema, WIRE_VERSION } from '../envelope.ts';
import { type IntentSubject, parseIntentSubject } from '../subjects/intent-subject.ts';
import {
  type EventKind,
  type EventSubject,
  eventSubject,
  isReducer,
  parseEventSubject,
  type Writer,
} from '../subjects/subjects.ts';
import { type Check, compileCheck, type Issue } from './compile-check.ts';
import { type Stored, upcastForm } from './forms.ts';

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
  /** The JSON value of the payload; undefined when there is none, or `error` is set. */
  readonly body: unknown;
  readonly error: string | undefined;
}

export interface EventFact<Event extends MusterEvent = MusterEvent> extends FactBase {
  readonly is: 'event';
  readonly address: EventSubject;
  /** In the form of this build. */
  readonly event: Event;
  /** As it stands in the log. */
  readonly stored: Readonly<Record<string, unknown>>;
  /** The wire version that brought the form in which it is stored. */
  readonly wire: number;
}

/** A form of an event as it stands in the log. */
export function storedOf({ stored, wire }: EventFact, fact: string): Stored {
  return { wire, content: ownValue(stored, fact) };
}

/** Not an event, though it stands on an event's subject. */
export interface PoisonFact extends FactBase {
  readonly is: 'poison';
  readonly reason: string;
}

/** A reducer of a newer version wrote it: whoever does not know it must not go on deciding. */
export interface UnknownFact extends FactBase {
  readonly is: 'unknown';
  /** As it says. */
  readonly type: string;
  readonly reason: string;
}

export type Fact = IntentFact | EventFact | PoisonFact | UnknownFact;

/** Larger intents are refused. A spec of this size is a mistake. */
export const MAX_INTENT_BYTES = 1024 * 1024;
/** And so are those that nest deeper: whoever walks through one must not run out of stack. */
export const MAX_INTENT_DEPTH = 64;

export type Definitions = ReadonlyMap<string, EventDefinition>;

const utf8 = new TextDecoder('utf-8');
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws where it is no UTF-8. Half the price of asking the strict decoder first: hardly any record needs it. */
function readText(data: Uint8Array): string {
  const text = utf8.decode(data);
  return text.includes('\ufffd') ? strictUtf8.decode(data) : text;
}

/** `wire` is the cluster's version: what is written in a younger form than that is not taken for what it says. */
export function decode(record: RawRecord, wire = WIRE_VERSION): Fact {
  const intent = parseIntentSubject(record.subject);
  return intent ? decodeIntent(record, intent) : decodeEvent(record, wire);
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
    const text = readText(data);
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
  wire = WIRE_VERSION,
  definitions: Definitions = definitionByType as Definitions,
): EventFact | PoisonFact | UnknownFact {
  const { seq, time, subject } = record;
  let json: unknown;
  try {
    json = JSON.parse(readText(record.data));
  } catch (error) {
    if (!parseEventSubject(subject)) return poison(record, 'no event has such a subject');
    return poison(record, `the payload is not JSON: ${(error as Error).message}`);
  }
  const { type, v } = (json ?? nothing) as { readonly type: string; readonly v: unknown };
  // Anything may stand there, and not everything can be counted with.
  const usual = typeof v === 'number' ? usualOf(definitions).get(type)?.[v - 1] : undefined;
  const event =
    usual === undefined || record.data.length > usual.maxBytes
      ? undefined
      : readUsual(usual, json as Json, subject, wire);
  if (usual === undefined || event === undefined) return examine(record, json, wire, definitions);
  const { writer, kind, prefix } = usual;
  const address = { writer, kind, id: subject.slice(prefix.length) };
  return { is: 'event', seq, time, subject, address, event, stored: json as Json, wire: usual.wire };
}

type Json = Readonly<Record<string, unknown>>;

const nothing = {};

/** What is asked of nearly every record of one version of an event, found once. */
interface Usual {
  readonly wire: number;
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly prefix: string;
  readonly maxBytes: number;
  readonly check: Check;
  /** Into the form of this build. */
  readonly raise: (stored: Json) => Json;
}

const usuals = new WeakMap<Definitions, ReadonlyMap<string, readonly Usual[]>>();

/** By type, from the first version to the newest: a cluster that is not raised yet writes no other than the older ones. */
function usualOf(definitions: Definitions): ReadonlyMap<string, readonly Usual[]> {
  let known = usuals.get(definitions);
  if (!known) {
    known = new Map([...definitions].map(([type, definition]) => [type, describeUsual(definition)]));
    usuals.set(definitions, known);
  }
  return known;
}

function describeUsual(definition: EventDefinition): Usual[] {
  const { since, writer, kind, maxBytes = Number.POSITIVE_INFINITY } = definition;
  const prefix = eventSubject(writer, kind, '');
  return since.map((wire, index) => {
    const check = checkOf(definition, index + 1);
    const raise = raiserOf(definition, index + 1);
    return { wire, writer, kind, prefix, maxBytes, check, raise };
  });
}

/** An event that can be taken as it is, where it belongs: in the form of this build. */
function readUsual(
  { wire, kind, prefix, check, raise }: Usual,
  json: Json,
  subject: string,
  cluster: number,
): MusterEvent | undefined {
  if (wire > cluster || !subject.startsWith(prefix) || !check.passes(json)) return undefined;
  const event = raiseSafely(raise, json);
  if (event === undefined) return undefined;
  const id = subjectIdOf(kind, event);
  const isOwn =
    id !== '' && subject.length === prefix.length + id.length && subject.endsWith(id) && !id.includes('.');
  return isOwn ? (event as MusterEvent) : undefined;
}

/** Why it can't be is found out by who examines it. */
function raiseSafely(raise: Usual['raise'], stored: Json): Json | undefined {
  try {
    return raise(stored);
  } catch {
    return undefined;
  }
}

const envelopeCheck = compileCheck(envelopeSchema, WIRE_VERSION);

/** What decoding events needs, step by step: whoever is about to read a log stops for none of it then. */
export function* compileChecks(): Generator<void> {
  for (const definition of catalogue)
    for (const version of definition.since.keys()) yield* checkOf(definition, version + 1).compile();
}

/** What is wrong with it; or it is old, and has to be upcast. */
function examine(
  record: RawRecord,
  json: unknown,
  clusterWire: number,
  definitions: Definitions,
): EventFact | PoisonFact | UnknownFact {
  const address = parseEventSubject(record.subject);
  if (!address) return poison(record, 'no event has such a subject');
  const envelopeIssue = envelopeCheck.find(onlyEnvelope(json));
  if (envelopeIssue) return poison(record, describeIssue(envelopeIssue));
  const stored = json as Record<string, unknown>;
  const { type, v, writer } = stored as {
    readonly type: string;
    readonly v: number;
    readonly writer: string;
  };
  if (writer !== address.writer)
    return poison(record, `it says it is by "${writer}" on a subject of "${address.writer}"`);
  const { seq, time, subject } = record;
  // Nobody else is trusted: an agent must not be able to halt the reducers with an invented event.
  const unknown = (reason: string) =>
    isReducer(writer)
      ? ({ is: 'unknown', seq, time, subject, type, reason } as const)
      : poison(record, reason);
  const definition = definitions.get(type);
  if (!definition || v > definition.version)
    return unknown(`this program does not know event ${type} version ${v}`);
  const wire = definition.since[v - 1]!;
  if (wire > clusterWire)
    return unknown(
      `event ${type} version ${v} needs a cluster of version ${wire}, and this one is at ${clusterWire}`,
    );
  if (definition.writer !== address.writer || definition.kind !== address.kind) {
    return poison(record, `${type} does not belong on this subject`);
  }
  const tooLarge = findTooLarge(definition, record.data);
  if (tooLarge) return poison(record, describeIssue(tooLarge));
  const check = checkOf(definition, v);
  const issue = check.find(stored);
  if (issue) {
    // What it has beside what is unknown decides what it is; who is not trusted is taken without it.
    const wrong = check.reduce(stored);
    if (wrong) return poison(record, describeIssue(wrong));
    if (isReducer(writer))
      return unknown(`event ${type} version ${v} has a field ${issue.path} that this program does not know`);
  } else if (!check.passes(stored)) {
    throw new Error(`the checks of ${type} disagree`);
  }
  let event: MusterEvent;
  try {
    event = raiserOf(definition, v)(stored) as MusterEvent;
  } catch (error) {
    return poison(record, `${type} version ${v} can't be read: ${(error as Error).message}`);
  }
  const id = subjectIdOf(definition.kind, event);
  if (id !== address.id) return poison(record, `the subject is about ${address.id}, the event about ${id}`);
  return { is: 'event', seq, time, subject, address, event, stored, wire };
}

/** What makes an event longer than it may be. */
export function findTooLarge({ maxBytes }: EventDefinition, data: Uint8Array): Issue | undefined {
  if (maxBytes === undefined || data.length <= maxBytes) return undefined;
  return { path: '', message: `has ${data.length} bytes; at most ${maxBytes} are allowed`, isUnknown: false };
}

/** What every build has ever agreed on. What the writer had read is checked with the rest. */
function onlyEnvelope(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const { v, type, writer, cause, at } = json as Record<string, unknown>;
  return { v, type, writer, cause, at };
}

function poison({ seq, time, subject }: RawRecord, reason: string): PoisonFact {
  return { is: 'poison', seq, time, subject, reason: shortenReason(reason) };
}

/** Old events were checked by nobody but their writer: an upcaster may throw. What is stored stays as it is. */
function raiserOf(
  { version, since, upcasters, forms }: EventDefinition,
  from: number,
): (stored: Json) => Json {
  if (from === version) return (stored) => stored;
  const steps = since.slice(from).flatMap((wire) => upcasters[wire] ?? []);
  const formSteps = Object.entries(forms).map(([fact, form]) => ({ fact, form, wire: since[from - 1]! }));
  return (stored) => {
    const raised: Record<string, unknown> = {
      ...steps.reduce((old, step) => step(old), stored as Record<string, unknown>),
      v: version,
    };
    for (const { fact, form, wire } of formSteps)
      setOwn(raised, fact, upcastForm(form, ownValue(raised, fact) as Record<string, unknown>, wire));
    return raised;
  };
}

const idFacts: Readonly<Record<Exclude<EventKind, 'cluster'>, string>> = {
  service: 'serviceId',
  node: 'nodeId',
  network: 'networkId',
  intent: 'intent',
  quarantine: 'record',
  void: 'actor',
};

/** The id that the subject of an event of this kind must end in. */
export function subjectIdOf(kind: EventKind, event: object): string {
  return kind === 'cluster' ? 'self' : String(ownValue(event as Json, idFacts[kind]));
}

function describeIssue({ path, message }: Issue): string {
  return path === '' ? `the payload ${message}` : `${path}: ${message}`;
}
