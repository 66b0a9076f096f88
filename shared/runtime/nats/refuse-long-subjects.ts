// A line of the protocol that is too long ends the connection, and the client does not look: what is subscribed to would be
// sent again on each new one, and nothing else would work any more. Whoever gives us a long name gets an error instead.
import { MAX_SUBJECT_BYTES } from '@muster/events';
import type { NatsConnection } from '@nats-io/nats-core';

const verbs = ['publish', 'request', 'requestMany', 'subscribe'] as const;

/** The same connection, whose methods throw a TypeError for such a subject. */
export function refuseLongSubjects(nc: NatsConnection): NatsConnection {
  for (const verb of verbs) {
    const send = nc[verb].bind(nc) as (subject: string, ...rest: unknown[]) => unknown;
    const checked = (subject: string, ...rest: unknown[]) => {
      checkLength(subject);
      return send(subject, ...rest);
    };
    Object.defineProperty(nc, verb, { value: checked });
  }
  return nc;
}

function checkLength(subject: string): void {
  // No character has more than three bytes for each of its units.
  if (subject.length * 3 <= MAX_SUBJECT_BYTES || Buffer.byteLength(subject) <= MAX_SUBJECT_BYTES) return;
  throw new TypeError(
    `a subject of ${Buffer.byteLength(subject)} bytes is too long for NATS: ${subject.slice(0, 100)}…`,
  );
}
