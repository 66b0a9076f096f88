// Which fields are younger than the first wire version. The cluster's version is raised by an event, once every live copy
// has said that it reads the next one; until then nobody writes what is younger.
import { z } from 'zod';

const sinceOfSchema = z.registry<{ readonly since: number }>();
const sinceOfValues = z.registry<{ readonly values: ReadonlyMap<unknown, number> }>();

/** A field that exists since that wire version. To be called last: what wraps the result is another schema. */
export function since<Schema extends z.ZodType>(version: number, schema: Schema): Schema {
  sinceOfSchema.add(schema, { since: version });
  return schema;
}

/** Words of an enumeration that exist since that wire version; the others were there before. */
export function valuesSince<Schema extends z.ZodType>(
  version: number,
  values: readonly unknown[],
  schema: Schema,
): Schema {
  const known = new Map(sinceOfValues.get(schema)?.values);
  for (const value of values) known.set(value, version);
  sinceOfValues.add(schema, { values: known });
  return schema;
}

/** 1 for what was there from the beginning. */
export function sinceOf(schema: z.core.$ZodType): number {
  return sinceOfSchema.get(schema as z.ZodType)?.since ?? 1;
}

export function valueSinceOf(schema: z.core.$ZodType, value: unknown): number {
  return sinceOfValues.get(schema as z.ZodType)?.values.get(value) ?? 1;
}

/** The same marks for a schema that is made from another. */
export function keepMarks<Schema extends z.ZodType>(from: z.core.$ZodType, to: Schema): Schema {
  const field = sinceOfSchema.get(from as z.ZodType);
  if (field) sinceOfSchema.add(to, field);
  const values = sinceOfValues.get(from as z.ZodType);
  if (values) sinceOfValues.add(to, values);
  return to;
}
