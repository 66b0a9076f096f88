// What is decided about the cluster itself. The first record of a log is the first of these.
import { z } from 'zod';
import { defineEvent } from './envelope.ts';

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
