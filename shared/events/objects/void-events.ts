// The way out when everything has halted on one record: a person says that it is void. Not an intent, as whoever would judge
// that has halted.
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';

/** Read before anything is folded, when the cluster's version is not known yet: its form never changes. */
export const recordVoided = defineEvent({
  type: 'record.voided',
  writer: 'operator',
  kind: 'void',
  description:
    'A record is void: everybody folds the log without it, as if it had never been there, and whoever has folded it already begins again. `cause` is the record.',
  maxBytes: 8 * 1024,
  facts: {
    actor: z.string(),
    record: z.int().positive(),
    subject: z.string().meta({ description: "The record's: no other one that stands there is meant." }),
    sum: z.int().nonnegative().max(0xffff_ffff).meta({ description: "The CRC-32 of the record's data." }),
    reason: z.string().min(1),
  },
});
