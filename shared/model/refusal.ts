/** A "no" with its reason, as a value. `field` is the path of what is wrong, as the user wrote it. */
export interface Refusal {
  readonly kind: 'invalid' | 'not-found' | 'conflict' | 'unsupported';
  readonly message: string;
  readonly field?: string;
}

export function refuse(kind: Refusal['kind'], message: string, field?: string): Refusal {
  const reason = { kind, message: shortenReason(message) };
  return field === undefined ? reason : { ...reason, field: shortenReason(field) };
}

const MAX_REASON_LENGTH = 1_000;

/** A reason quotes what it refuses, which may be a megabyte; the event that holds it has to fit into the log. */
export function shortenReason(text: string): string {
  return text.length <= MAX_REASON_LENGTH ? text : `${text.slice(0, MAX_REASON_LENGTH)}…`;
}
