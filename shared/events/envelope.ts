// What every event says of itself, and how an event is defined. The zod schema is the source of the type, of the
// JSON Schema and of the AsyncAPI document.
import { z } from 'zod';
import type { EventKind, Writer } from './subjects.ts';

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

export interface EventDefinition<Type extends string = string, Facts extends z.ZodRawShape = z.ZodRawShape> {
  readonly type: Type;
  readonly version: number;
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly description: string;
  readonly schema: z.ZodObject<Envelope<Type> & Facts>;
  /** Turns version n into n + 1, by n. Old events are upcast when read, never rewritten. */
  readonly upcasters: Readonly<Record<number, (old: Record<string, unknown>) => Record<string, unknown>>>;
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
  readonly version: number;
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly description: string;
  readonly facts: Facts;
  readonly upcasters?: EventDefinition['upcasters'];
}): EventDefinition<Type, Facts> {
  const { facts, upcasters = {}, ...rest } = definition;
  for (let version = 1; version < definition.version; version += 1) {
    if (!upcasters[version]) throw new Error(`${definition.type}: no upcaster from version ${version}`);
  }
  const schema = z.object({
    ...envelopeSchema.shape,
    type: z.literal(definition.type),
    writer: z.literal(definition.writer),
    // An agent decides nothing, and folds nothing.
    ...(definition.writer !== 'agent' && { read: readSchema.optional() }),
    ...facts,
  }) as unknown as EventDefinition<Type, Facts>['schema'];
  return { ...rest, upcasters, schema };
}
