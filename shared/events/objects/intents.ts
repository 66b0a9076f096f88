// What anyone may ask for. The body is checked when the orchestrator admits the intent, so that a bad one is
// answered by a rejection rather than lost.
import {
  networkSpecSchema,
  nodeAvailabilities,
  nodeRoles,
  serviceSpecSchema,
  shortFormSchema,
} from '@muster/model';
import { z } from 'zod';
import type { IntentSubject } from '../subjects/intent-subject.ts';

export interface IntentDefinition {
  readonly kind: string;
  readonly verb: string;
  /** The wire version that brought it; the first when left out. */
  readonly from?: number;
  readonly description: string;
  /** For the documents: all that it may hold. */
  readonly schema: z.ZodType;
  /** What its judge gets. A spec is anything here: normalising it says more exactly what is wrong. */
  readonly body: z.ZodType;
}

function defineIntent<Kind extends string, Verb extends string, Body extends z.ZodType>(
  definition: Omit<IntentDefinition, 'schema' | 'body'> & {
    readonly kind: Kind;
    readonly verb: Verb;
    /** The body's, where that is all there is to say. */
    readonly schema?: z.ZodType;
    readonly body: Body;
  },
) {
  return { schema: definition.body as z.ZodType, ...definition };
}

/** In either form; the name may be left to the subject. */
export const serviceBodySchema = z.union([shortFormSchema, serviceSpecSchema.partial({ name: true })]);

/** The name may be left to the subject, and all else to the defaults. */
const networkBodySchema = networkSpecSchema.partial({ name: true }).optional();

/** The spec version that an update starts from; another one means somebody was faster. */
const updateSchema = z.strictObject({ spec: z.unknown(), version: z.int().optional() });

const labelsSchema = z.record(z.string(), z.string());

/** What is left out stays as it is. */
const nodeChangeSchema = z.strictObject({
  availability: z.enum(nodeAvailabilities).optional(),
  role: z.enum(nodeRoles).optional(),
  /** All of the operator's, instead of those there are. */
  labels: labelsSchema.optional(),
  addLabels: labelsSchema.optional(),
  removeLabels: z.array(z.string()).optional(),
  /** The version that the change starts from; another one means somebody was faster. */
  version: z.int().optional(),
});

export const intents = [
  defineIntent({
    kind: 'service',
    verb: 'apply',
    description: 'Create the service, or make it as described.',
    schema: serviceBodySchema,
    body: z.unknown(),
  }),
  defineIntent({
    kind: 'service',
    verb: 'create',
    description: 'Create the service; refused when its name is taken.',
    schema: serviceBodySchema,
    body: z.unknown(),
  }),
  defineIntent({
    kind: 'service',
    verb: 'update',
    description: 'Replace the spec of a service that exists, if it still has the given version.',
    schema: z.union([serviceBodySchema, updateSchema.extend({ spec: serviceBodySchema })]),
    body: z.preprocess((body) => (isWrapped(body) ? body : { spec: body }), updateSchema),
  }),
  defineIntent({
    kind: 'service',
    verb: 'scale',
    description: 'Set the number of replicas.',
    body: z.strictObject({ replicas: z.int() }),
  }),
  defineIntent({
    kind: 'service',
    verb: 'remove',
    description: 'Remove the service and all its tasks.',
    body: z.strictObject({}).optional(),
  }),
  defineIntent({
    kind: 'service',
    verb: 'rollback',
    from: 2,
    description: 'Go back to the spec before the present one.',
    body: z.strictObject({ version: z.int().optional() }).optional(),
  }),
  defineIntent({
    kind: 'node',
    verb: 'update',
    from: 2,
    description: 'Set the availability, the role or the labels of a node, named by its id or hostname.',
    body: nodeChangeSchema,
  }),
  defineIntent({
    kind: 'node',
    verb: 'remove',
    from: 2,
    description: 'Take a node out of the cluster: one that is down, or any with force.',
    body: z.strictObject({ force: z.boolean().optional() }).optional(),
  }),
  defineIntent({
    kind: 'network',
    verb: 'create',
    from: 2,
    description: 'Create the network; refused when its name is taken.',
    schema: networkBodySchema,
    body: z.unknown(),
  }),
  defineIntent({
    kind: 'network',
    verb: 'remove',
    from: 2,
    description: 'Remove the network, named by its name or id, unless a service is on it.',
    body: z.strictObject({}).optional(),
  }),
  defineIntent({
    kind: 'cluster',
    verb: 'update',
    from: 2,
    description:
      'Set where networks get their subnets from that ask for none: pools of addresses, and the length of each one’s mask.',
    body: z.strictObject({
      defaultAddrPool: z.array(z.string()).min(1).optional(),
      defaultAddrPoolMaskLength: z.int().optional(),
    }),
  }),
] as const;

type NameOf<D> = D extends {
  readonly kind: infer Kind extends string;
  readonly verb: infer Verb extends string;
}
  ? `${Kind}.${Verb}`
  : never;
type Bodies = { [D in (typeof intents)[number] as NameOf<D>]: z.output<D['body']> };

/** `service.create` and its like. */
export type IntentName = keyof Bodies;
/** What the judge of such an intent gets. */
export type IntentBody<Name extends IntentName> = Bodies[Name];

const definitions: ReadonlyMap<string, IntentDefinition> = new Map(
  intents.map((definition) => [`${definition.kind}.${definition.verb}`, definition]),
);

export function definitionOfIntent({
  kind,
  verb,
}: Pick<IntentSubject, 'kind' | 'verb'>): IntentDefinition | undefined {
  return definitions.get(`${kind}.${verb}`);
}

function isWrapped(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'spec' in body;
}
