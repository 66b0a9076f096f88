// From a decision to what is stored. Nobody stores what it could not read back.
import { withoutYounger } from '@muster/model';
import { definitionByType, type EventInput } from '../catalogue.ts';
import { checkOf, type EventDefinition, FIRST_WIRE_VERSION, type Read } from '../envelope.ts';
import { eventSubject, isReducer } from '../subjects/subjects.ts';
import type { Issue } from './compile-check.ts';
import { type Definitions, findTooLarge, subjectIdOf } from './decode.ts';

const utf8 = new TextEncoder();

export function encodeJson(value: unknown): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

type Distribute<T> = T extends EventInput ? Omit<T, 'v' | 'writer' | 'at' | 'read'> : never;

/** An event without what the envelope adds. */
export type EventDraft = Distribute<EventInput>;

export interface Composition {
  /** What a reducer has read; an agent's event says nothing of the kind. */
  readonly read?: Read | undefined;
  /** The cluster's version: nothing is written that an older copy would not read. That of a new log by default. */
  readonly wire?: number | undefined;
  /** The catalogue, except in tests. */
  readonly definitions?: Definitions;
}

/** The event would be poison, or halt older copies: it is not to be stored. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
  constructor(
    readonly subject: string,
    readonly type: string,
    readonly issue: Issue,
  ) {
    super(`${type} could not be read back: ${issue.path === '' ? 'it' : issue.path} ${issue.message}`);
  }
}

/** Completes a draft: version and writer from the catalogue, `at` from the clock. Throws UnreadableEventError. */
export function composeEvent(
  draft: EventDraft,
  now: number,
  composition: Composition = {},
): { readonly subject: string; readonly data: Uint8Array } {
  const { subject, event, definition, issue } = complete(draft, now, composition);
  const data = encodeJson(event);
  const wrong = issue ?? findTooLarge(definition, data);
  if (wrong) throw new UnreadableEventError(subject, draft.type, wrong);
  return { subject, data };
}

/** Where it is stored. */
export function subjectOfEvent(draft: EventDraft): string {
  const { writer, kind } = definitionByType.get(draft.type)!;
  return eventSubject(writer, kind, subjectIdOf(kind, draft));
}

/** What would keep the draft from being read back. */
export function findUnreadable(draft: EventDraft, wire = FIRST_WIRE_VERSION): Issue | undefined {
  return complete(draft, 0, { wire }).issue;
}

function complete(draft: EventDraft, now: number, composition: Composition) {
  const { read, wire = FIRST_WIRE_VERSION, definitions = definitionByType as Definitions } = composition;
  const definition = definitions.get(draft.type)!;
  const { type, cause, ...facts } = leaveOutYounger(draft, definition, wire);
  const version = versionAt(definition, wire);
  const event = {
    v: version,
    type,
    writer: definition.writer,
    cause,
    at: new Date(now).toISOString(),
    ...(read !== undefined && isReducer(definition.writer) && { read }),
    ...facts,
  };
  const subject = eventSubject(definition.writer, definition.kind, subjectIdOf(definition.kind, event));
  const issue = version === 0 ? tooYoung(definition, wire) : checkOf(definition, version).find(event);
  return { subject, event, definition, issue };
}

/**
 * An agent tells what it knows, and the cluster gets what it reads by now. What a reducer decides is not changed on the
 * way: it has to know the version.
 */
function leaveOutYounger(
  draft: EventDraft,
  { writer, schema, since }: EventDefinition,
  wire: number,
): EventDraft {
  return writer !== 'agent' || wire >= since.at(-1)! ? draft : withoutYounger(draft, schema, wire);
}

/** The newest version of the event that every copy reads; 0 when there is none yet. */
function versionAt({ since }: EventDefinition, wire: number): number {
  return since.filter((from) => from <= wire).length;
}

function tooYoung({ type, since }: EventDefinition, wire: number): Issue {
  const message = `${type} needs a cluster of version ${since[0]}, and this one is at ${wire}`;
  return { path: 'type', message, isUnknown: true };
}
