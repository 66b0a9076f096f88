// What anyone may ask for. The body is checked when the orchestrator admits the intent, so that a bad one is
// answered by a rejection rather than lost.
import { serviceSpecSchema, shortFormSchema } from '@muster/model';
import { z } from 'zod';

export interface IntentDefinition {
  readonly kind: string;
  readonly verb: string;
  readonly description: string;
  /** For the documents: the verdict says more exactly what is wrong with a body. */
  readonly schema: z.ZodType;
}

/** In either form; the name may be left to the subject. */
export const serviceBodySchema = z.union([shortFormSchema, serviceSpecSchema.partial({ name: true })]);

/** The spec version that an update starts from; another one means somebody was faster. */
export const updateIntentSchema = z.strictObject({ spec: z.unknown(), version: z.int().optional() });
export const scaleIntentSchema = z.strictObject({ replicas: z.int() });
export const removeIntentSchema = z.strictObject({}).optional();

export const intents: readonly IntentDefinition[] = [
  {
    kind: 'service',
    verb: 'apply',
    description: 'Create the service, or make it as described.',
    schema: serviceBodySchema,
  },
  {
    kind: 'service',
    verb: 'create',
    description: 'Create the service; refused when its name is taken.',
    schema: serviceBodySchema,
  },
  {
    kind: 'service',
    verb: 'update',
    description: 'Replace the spec of a service that exists, if it still has the given version.',
    schema: z.union([serviceBodySchema, updateIntentSchema.extend({ spec: serviceBodySchema })]),
  },
  { kind: 'service', verb: 'scale', description: 'Set the number of replicas.', schema: scaleIntentSchema },
  {
    kind: 'service',
    verb: 'remove',
    description: 'Remove the service and all its tasks.',
    schema: removeIntentSchema,
  },
];
