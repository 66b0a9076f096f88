// Which fields are younger than the first wire version. The cluster's version is raised by an event, once every live copy
// has said that it reads the next one; until then nobody writes what is younger.
import type { z } from 'zod';

const sinceOfSchema = new WeakMap<z.core.$ZodType, number>();
const ignorable = new WeakSet<z.core.$ZodType>();
const sinceOfValues = new WeakMap<z.core.$ZodType, ReadonlyMap<unknown, number>>();

/**
 * A field that exists since that wire version. To be called last: what wraps the result is another schema. `agents`: what
 * an agent that does not know the field is to do with a task that has it. 'must' (refuse it) is right for all that the
 * task would notice; 'may' (run it without) for the rest.
 */
export function since<Schema extends z.core.$ZodType>(
  version: number,
  schema: Schema,
  { agents = 'must' }: { readonly agents?: 'must' | 'may' } = {},
): Schema {
  sinceOfSchema.set(schema, version);
  if (agents === 'may') ignorable.add(schema);
  return schema;
}

/** Words of an enumeration that exist since that wire version; the others were there before. */
export function valuesSince<Schema extends z.core.$ZodType>(
  version: number,
  values: readonly unknown[],
  schema: Schema,
): Schema {
  const known = sinceOfValues.get(schema) ?? [];
  sinceOfValues.set(schema, new Map([...known, ...values.map((value) => [value, version] as const)]));
  return schema;
}

/** 1 for what was there from the beginning. */
export function sinceOf(schema: z.core.$ZodType): number {
  return sinceOfSchema.get(schema) ?? 1;
}

/** An agent may run a task without it. */
export function mayBeIgnored(schema: z.core.$ZodType): boolean {
  return ignorable.has(schema);
}

export function valueSinceOf(schema: z.core.$ZodType, value: unknown): number {
  return sinceOfValues.get(schema)?.get(value) ?? 1;
}

/** The same marks for a schema that is made from another. */
export function keepMarks<Schema extends z.core.$ZodType>(from: z.core.$ZodType, to: Schema): Schema {
  const version = sinceOfSchema.get(from);
  if (version !== undefined) sinceOfSchema.set(to, version);
  if (ignorable.has(from)) ignorable.add(to);
  const values = sinceOfValues.get(from);
  if (values) sinceOfValues.set(to, values);
  return to;
}
