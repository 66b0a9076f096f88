// The answers to what was submitted and did not become a change: nothing disappears in silence.
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';

export const intentRejected = defineEvent({
  type: 'intent.rejected',
  writer: 'orchestrator',
  kind: 'intent',
  description: 'An intent was refused, and why. `cause` is the intent.',
  facts: {
    intent: z.int().positive(),
    actor: z.string(),
    kind: z.enum(['invalid', 'not-found', 'conflict', 'unsupported']),
    message: z.string(),
    /** Path of the field that is wrong, as the user wrote it. */
    field: z.string().optional(),
  },
});

export const intentSatisfied = defineEvent({
  type: 'intent.satisfied',
  writer: 'orchestrator',
  kind: 'intent',
  description: 'An intent was accepted and asked for nothing that was not so already. `cause` is the intent.',
  facts: { intent: z.int().positive(), actor: z.string(), message: z.string() },
});

export const eventQuarantined = defineEvent({
  type: 'event.quarantined',
  writer: 'orchestrator',
  kind: 'quarantine',
  description:
    'A record under muster.event that is no valid event. It changes nothing, and is kept for inspection.',
  facts: { record: z.int().positive(), subject: z.string(), reason: z.string() },
});
