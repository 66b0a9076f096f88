/** A "no" with its reason, as a value. `field` is the path of what is wrong, as the user wrote it. */
export interface Refusal {
  readonly kind: 'invalid' | 'not-found' | 'conflict' | 'unsupported';
  readonly message: string;
  readonly field?: string;
}

export function refuse(kind: Refusal['kind'], message: string, field?: string): Refusal {
  return field === undefined ? { kind, message } : { kind, message, field };
}
