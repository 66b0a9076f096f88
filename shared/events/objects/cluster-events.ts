// What is decided about the cluster itself. The first record of a log is the first of these.
import { addressPoolsSchema } from '@muster/model';
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';

/** Under compare-and-set like any other subject: of two first records one stands. */
export const CLUSTER_SUBJECT = 'muster.event.orchestrator.cluster.self';

export const clusterCreated = defineEvent({
  type: 'cluster.created',
  writer: 'orchestrator',
  kind: 'cluster',
  description:
    'The log belongs to this cluster: all ids derive from its id, so that no two clusters give one id twice.',
  facts: {
    /** Drawn at random by whoever made the log: 25 characters of base36. */
    clusterId: z.string(),
    name: z.string(),
  },
});

export const clusterVersionRaised = defineEvent({
  type: 'cluster.version_raised',
  writer: 'orchestrator',
  kind: 'cluster',
  description:
    'Every live copy has said that it reads this wire version: from here on it may be written. A copy that does not know it halts.',
  facts: { version: z.int().positive() },
});

export const clusterUpdated = defineEvent({
  type: 'cluster.updated',
  from: 2,
  writer: 'orchestrator',
  kind: 'cluster',
  description: 'An intent to change what holds for the whole cluster was accepted. `cause` is the intent.',
  facts: {
    actor: z.string(),
    addressPools: addressPoolsSchema.meta({
      description: 'Where networks get their subnets from that ask for none: those that come later.',
    }),
  },
});

const sequence = z.int().nonnegative();

export const recordsLost = defineEvent({
  type: 'cluster.records_lost',
  writer: 'orchestrator',
  kind: 'cluster',
  description:
    'The log has lost its end: an orchestrator had read more of it, or other records. What was asked for there is named.',
  facts: {
    after: sequence.meta({
      description: 'The last sequence before what was lost; 0 when that is not known.',
    }),
    to: sequence.meta({ description: 'The last sequence that had been read.' }),
    basis: sequence.meta({
      description: 'The highest that a command can have that follows from what was lost.',
    }),
    intents: z
      .array(z.object({ seq: sequence, subject: z.string() }))
      .meta({ description: 'The intents that are in the log no more.' }),
    omitted: sequence.optional().meta({ description: 'How many more there are than are named.' }),
  },
});

export const commandsAhead = defineEvent({
  type: 'cluster.commands_ahead',
  writer: 'dispatcher',
  kind: 'cluster',
  description:
    'Commands follow from records that the log does not have: it has lost its end while nobody was there to notice. They are replaced.',
  facts: { basis: sequence.meta({ description: 'The highest basis of a command.' }) },
});
