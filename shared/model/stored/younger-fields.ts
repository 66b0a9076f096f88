// Fields that are younger than the cluster's wire version: they can't be asked for yet, nor be written because a younger
// default has put them there.

import type { z } from 'zod';
import { ownValue } from './own-keys.ts';
import { mayBeIgnored, sinceOf } from './wire-version.ts';

/** The first such field that a user has asked for, as a path. */
export function findYounger(body: unknown, schema: z.core.$ZodType, version: number): string | undefined {
  for (const { path } of listYounger(schema, version)) {
    const found = findField(body, path);
    if (found) return found.join('.');
  }
  return undefined;
}

/** Takes them away from a complete value that nothing else holds yet. */
export function dropYounger(value: unknown, schema: z.core.$ZodType, version: number): void {
  for (const { path } of listYounger(schema, version)) dropField(value, path);
}

/**
 * What of a complete value a cluster of that version holds: as long as nobody can have asked for a younger field, it is
 * there because what was stored before there was one is read as if it had the default.
 */
export function withoutYounger<Value>(value: Value, schema: z.core.$ZodType, version: number): Value {
  if (listYounger(schema, version).length === 0) return value;
  const copy = structuredClone(value);
  dropYounger(copy, schema, version);
  return copy;
}

/** Those younger than the first version that the value has and that whoever runs it must understand, as paths. */
export function listNeeds(value: unknown, schema: z.core.$ZodType): string[] {
  return listYounger(schema, 1)
    .filter(({ path, isNeeded }) => isNeeded && findField(value, path))
    .map(({ path }) => path.join('.'));
}

/** Whether the schema names the field; a key of a map is anybody's. */
export function hasField(schema: z.core.$ZodType, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object': {
      const field = ownValue(def.shape, key);
      return field !== undefined && hasField(field, rest);
    }
    case 'array':
      return hasField(def.element, rest);
    case 'record':
      return true;
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return hasField(def.innerType, path);
    default:
      return false;
  }
}

const known = new WeakMap<z.core.$ZodType, Map<number, readonly Field[]>>();

/** "*" stands for any item of a list. Found once: every intent asks. */
function listYounger(schema: z.core.$ZodType, version: number): readonly Field[] {
  const byVersion = known.get(schema) ?? new Map<number, readonly Field[]>();
  known.set(schema, byVersion);
  let fields = byVersion.get(version);
  if (!fields) {
    fields = [...walk(schema, [])].filter(({ from }) => from > version);
    byVersion.set(version, fields);
  }
  return fields;
}

interface Field {
  readonly path: string[];
  readonly from: number;
  /** An agent can't run the task rightly without. */
  readonly isNeeded: boolean;
}

function* walk(schema: z.core.$ZodType, path: string[], isNeeded = true): Generator<Field> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      for (const [key, field] of Object.entries(def.shape)) {
        const isFieldNeeded = isNeeded && !mayBeIgnored(field);
        yield { path: [...path, key], from: sinceOf(field), isNeeded: isFieldNeeded };
        yield* walk(field, [...path, key], isFieldNeeded);
      }
      return;
    case 'array':
      yield* walk(def.element, [...path, '*'], isNeeded);
      return;
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      yield* walk(def.innerType, path, isNeeded);
  }
}

function findField(value: unknown, [key, ...rest]: readonly string[]): string[] | undefined {
  if (key === undefined) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : [];
  for (const own of keys) {
    const found = findField(ownValue(value as Record<string, unknown>, own), rest);
    if (found) return [own, ...found];
  }
  return undefined;
}

function dropField(value: unknown, [key, ...rest]: readonly string[]): void {
  if (typeof value !== 'object' || value === null || key === undefined) return;
  const holder = value as Record<string, unknown>;
  if (key === '*') for (const item of Object.values(holder)) dropField(item, rest);
  else if (rest.length > 0) dropField(ownValue(holder, key), rest);
  else delete holder[key];
}
