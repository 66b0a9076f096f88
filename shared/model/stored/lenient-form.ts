// What is read of an answer by a program that may be older or younger than whoever answers: what it does not know is kept,
// so that a spec which it changes and sends back loses nothing, and what is younger than the cluster may be missing.
import { z } from 'zod';
import { sinceOf } from './wire-version.ts';

const known = new WeakMap<z.core.$ZodType, z.ZodType>();

export function lenientForm<Content>(schema: z.ZodType<Content>): z.ZodType<Content> {
  let lenient = known.get(schema);
  if (!lenient) {
    lenient = convert(schema);
    known.set(schema, lenient);
  }
  return lenient as z.ZodType<Content>;
}

function convert(schema: z.core.$ZodType): z.ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      return z.looseObject(
        Object.fromEntries(Object.entries(def.shape).map(([key, field]) => [key, convertField(field)])),
      );
    case 'array':
      return z.array(convert(def.element));
    case 'record':
      return z.record(z.string(), convert(def.valueType));
    case 'optional':
      return convert(def.innerType).optional();
    case 'default':
      return convert(def.innerType).default(def.defaultValue);
    case 'prefault':
      return convert(def.innerType).prefault(def.defaultValue as never);
    case 'enum':
    case 'literal':
      // A word that came later.
      return z.union([schema as z.ZodType, z.string()]);
    default:
      return schema as z.ZodType;
  }
}

/** A default would be taken for something that was asked for. */
function convertField(field: z.core.$ZodType): z.ZodType {
  if (sinceOf(field) === 1) return convert(field);
  const { def } = (field as z.core.$ZodTypes)._zod;
  const isFilledIn = def.type === 'default' || def.type === 'prefault';
  return convert(isFilledIn ? def.innerType : field).optional();
}
