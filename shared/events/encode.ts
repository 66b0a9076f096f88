// From a decision to what is stored.
import { definitionByType, type EventInput } from './catalogue.ts';
import { subjectIdOf } from './decode.ts';
import type { Read } from './envelope.ts';
import { eventSubject } from './subjects.ts';

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
}

/** Completes a draft: version and writer from the catalogue, `at` from the clock. */
export function composeEvent(
  draft: EventDraft,
  now: number,
  { read }: Composition = {},
): { readonly subject: string; readonly data: Uint8Array } {
  const definition = definitionByType.get(draft.type)!;
  const { type, cause, ...facts } = draft;
  const event = {
    v: definition.version,
    type,
    writer: definition.writer,
    cause,
    at: new Date(now).toISOString(),
    ...(read !== undefined && definition.writer !== 'agent' && { read }),
    ...facts,
  };
  const id = subjectIdOf(event as never);
  return { subject: eventSubject(definition.writer, definition.kind, id), data: encodeJson(event) };
}
