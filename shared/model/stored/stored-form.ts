// From the form that a user may write to the one that is stored. Input is strict, may leave out what has a default and
// write "5s"; what is stored is complete and says what was decided: a default that changes later changes nothing in it.
import { z } from 'zod';
import { keepMarks } from './wire-version.ts';

const storedAs = new WeakMap<z.core.$ZodType, z.ZodType>();

/** What a transformed input is stored as. */
export function storeAs<Schema extends z.ZodType>(schema: Schema, stored: z.ZodType): Schema {
  storedAs.set(schema, stored);
  return schema;
}

export function storedForm<Content>(schema: z.ZodType<Content>): z.ZodType<Content, Content> {
  return convert(schema) as z.ZodType<Content, Content>;
}

function convert(schema: z.core.$ZodType): z.ZodType {
  const known = storedAs.get(schema);
  const converted = known ? clone(known) : convertByType(schema as z.core.$ZodTypes);
  const description = (schema as z.ZodType).description;
  return keepMarks(schema, description === undefined ? converted : converted.describe(description));
}

function convertByType(schema: z.core.$ZodTypes): z.ZodType {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object':
      return z.object(
        Object.fromEntries(Object.entries(def.shape).map(([key, field]) => [key, convert(field)])),
      );
    case 'array':
      return z.array(convert(def.element));
    case 'optional':
      return convert(def.innerType).optional();
    case 'default':
    case 'prefault':
    case 'readonly':
      return convert(def.innerType);
    case 'pipe':
      throw new Error('what a transformed input is stored as has to be said: storeAs()');
    default:
      // Texts, numbers, words and maps of them are stored as they are written.
      return clone(schema as unknown as z.ZodType);
  }
}

/** What is known of the original by its identity does not hold for the copy. */
function clone(schema: z.ZodType): z.ZodType {
  return z.clone(schema) as z.ZodType;
}
