// What every event says of itself, and how an event is defined. The zod schema is the source of the type, of the
// checks (compile-check.ts), of the JSON Schema and of the AsyncAPI document.
import { z } from 'zod';
import { type Check, compileCheck } from './reading/compile-check.ts';
import { type Form, versionsOf } from './reading/forms.ts';
import { type EventKind, isReducer, type Writer } from './subjects/subjects.ts';

/** The newest wire version that this build reads, and writes once the cluster's version is as high. */
export const WIRE_VERSION = 2;
/** Of a log that has not said otherwise. */
export const FIRST_WIRE_VERSION = 1;

export const envelopeSchema = z.object({
  v: z.int().positive().meta({ description: "Version of the type's schema." }),
  type: z.string(),
  writer: z.string().meta({ description: "The role that wrote it; the same as the subject's." }),
  cause: z
    .int()
    .nonnegative()
    .meta({ description: "The log sequence it answers; 0 when it answers none (an agent's own report)." }),
  at: z.iso
    .datetime()
    .meta({ description: "The writer's clock, for people. Decisions use the log's own time." }),
});

/** What a reducer had folded when it decided: up to which sequence, and the digest of the log up to there. */
export const readSchema = z
  .object({ seq: z.int().nonnegative(), digest: z.int().nonnegative().max(0xffff_ffff) })
  .meta({
    description:
      "What its writer had read: the last sequence, and the rolling digest of the log up to there. Whoever's log has another digest there holds it void.",
  });
export type Read = z.infer<typeof readSchema>;
type Json = Record<string, unknown>;

export interface EventDefinition<Type extends string = string, Facts extends z.ZodRawShape = z.ZodRawShape> {
  readonly type: Type;
  /** The newest: the form that this build's code works with. */
  readonly version: number;
  /** Wire versions: version n of the event exists since the nth of them. */
  readonly since: readonly number[];
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly description: string;
  /** A larger one is none, whoever wrote it: what of it is kept and shown has a limit. */
  readonly maxBytes?: number;
  readonly schema: z.ZodObject<Envelope<Type> & Facts>;
  /** Facts that are forms: upcast with the event, and kept by the state as they were stored. */
  readonly forms: Readonly<Record<string, Form>>;
  /** Turns the version before the wire version into that of it, by the wire version. Old events are upcast when read, never rewritten. */
  readonly upcasters: Readonly<Record<number, (old: Json) => Json>>;
  /** Schemas of versions that differ in more than what `since` marks, by the wire version that ended them. */
  readonly before: Readonly<Record<number, z.ZodType>>;
}

type Envelope<Type extends string> = {
  v: z.ZodInt;
  type: z.ZodLiteral<Type>;
  writer: z.ZodLiteral<Writer>;
  cause: z.ZodInt;
  at: z.ZodISODateTime;
  read: z.ZodOptional<typeof readSchema>;
};

export function defineEvent<Type extends string, Facts extends z.ZodRawShape>(definition: {
  readonly type: Type;
  /** The wire version that brought the event; 1 when it was there from the beginning. */
  readonly from?: number;
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly description: string;
  readonly maxBytes?: number;
  readonly facts: Facts;
  readonly forms?: EventDefinition['forms'];
  readonly upcasters?: EventDefinition['upcasters'];
  readonly before?: Readonly<Record<number, z.ZodRawShape>>;
}): EventDefinition<Type, Facts> {
  const { from = 1, facts, forms = {}, upcasters = {}, before = {}, ...rest } = definition;
  const changes = [upcasters, ...Object.values(forms).map((form) => form.upcasters)].flatMap(versionsOf);
  const since = [...new Set([from, ...changes.filter((version) => version > from)])].sort((a, b) => a - b);
  const envelop = (shape: z.ZodRawShape) =>
    z.object({
      ...envelopeSchema.shape,
      type: z.literal(definition.type),
      writer: z.literal(definition.writer),
      // Nobody else folds anything.
      ...(isReducer(definition.writer) && { read: readSchema.optional() }),
      ...shape,
    });
  const schema = envelop(facts) as unknown as EventDefinition<Type, Facts>['schema'];
  const olderSchemas = Object.entries(before).map(([wire, shape]) => [wire, envelop(shape)]);
  return {
    ...rest,
    since,
    version: since.length,
    forms,
    upcasters,
    before: Object.fromEntries(olderSchemas),
    schema,
  };
}

const checks = new WeakMap<EventDefinition, Check[]>();

/** Of one version of the event, from 1. */
export function checkOf(definition: EventDefinition, version: number): Check {
  let known = checks.get(definition);
  if (!known) {
    known = definition.since.map((_, index) => {
      const { schema, wire } = schemaOf(definition, index + 1);
      return compileCheck(schema, wire);
    });
    checks.set(definition, known);
  }
  return known[version - 1]!;
}

/** The schema of one version of the event, and the last wire version in which it has that form. */
export function schemaOf(
  { schema, since, before }: EventDefinition,
  version: number,
): { readonly schema: z.ZodType; readonly wire: number } {
  const next = since[version];
  return next === undefined
    ? { schema, wire: Number.MAX_SAFE_INTEGER }
    : { schema: before[next] ?? schema, wire: next - 1 };
}
