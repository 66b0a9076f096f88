// What is decided about a network.
import { z } from 'zod';
import { defineEvent } from '../envelope.ts';
import { networkSpecForm } from '../reading/forms.ts';

const networkId = z.string();

export const networkCreated = defineEvent({
  type: 'network.created',
  from: 2,
  writer: 'orchestrator',
  kind: 'network',
  description:
    'An intent to create a network was accepted; or the ingress network is made, as an intent asks for what needs it. `cause` is the intent.',
  facts: {
    networkId,
    /** Who asked for it; left out where nobody did, and the intent has its own verdict. */
    actor: z.string().optional(),
    team: z.string().optional().meta({ description: "Whose it is; the default team's when left out." }),
    spec: networkSpecForm.schema,
  },
  forms: { spec: networkSpecForm },
});

export const networkRemoved = defineEvent({
  type: 'network.removed',
  from: 2,
  writer: 'orchestrator',
  kind: 'network',
  description:
    'A network is to go: no service is on it. Its name is free at once, its addresses when the last task that has one is gone. `cause` is the intent.',
  facts: { networkId, actor: z.string() },
});

export const subnetSchema = z.object({
  /** "10.0.3.0/24" */
  subnet: z.string(),
  /** "10.0.3.1" */
  gateway: z.string(),
});
export type Subnet = z.infer<typeof subnetSchema>;

export const networkAllocated = defineEvent({
  type: 'network.allocated',
  from: 2,
  writer: 'allocator',
  kind: 'network',
  description: 'A network has its subnets, and a number that no other network of the cluster has.',
  facts: {
    networkId,
    /** Small: the data path marks packets with it. */
    number: z.int().positive(),
    subnets: z.array(subnetSchema),
  },
});

export const networkAllocationFailed = defineEvent({
  type: 'network.allocation_failed',
  from: 2,
  writer: 'allocator',
  kind: 'network',
  description:
    'A network asks for what is not to be had; services on it wait. Written again only when the reason changes.',
  facts: { networkId, message: z.string() },
});
