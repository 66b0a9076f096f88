// Fields that are younger than the cluster's wire version: they can't be asked for yet, nor be written because a younger
// default has put them there.
import type { z } from 'zod';
import { sinceOf } from './wire-version.ts';

/** The first such field that a user has asked for, as a path. */
export function findYounger(body: unknown, schema: z.core.$ZodType, version: number): string | undefined {
  for (const path of listYounger(schema, version)) {
    const found = findField(body, path);
    if (found) return found.join('.');
  }
  return undefined;
}

/** Takes them away from a complete value that nothing else holds yet. */
export function dropYounger(value: unknown, schema: z.core.$ZodType, version: number): void {
  for (const path of listYounger(schema, version)) dropField(value, path);
}

const known = new WeakMap<z.core.$ZodType, Map<number, readonly string[][]>>();

/** "*" stands for any item of a list. Found once: every intent asks. */
function listYounger(schema: z.core.$ZodType, version: number): readonly string[][] {
  const byVersion = known.get(schema) ?? new Map<number, readonly string[][]>();
  known.set(schema, byVersion);
  let paths = byVersion.get(version);
  if (!paths) {
    paths = [...walk(schema, [])].filter(({ from }) => from > version).map(({ path }) => path);
    byVersion.set(version, paths);
  }
  return paths;
}

interface Field {
  readonly path: string[];
  readonly from: number;
}

function* walk(schema: z.core.$ZodType, path: string[]): Generator<Field> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      for (const [key, field] of Object.entries(def.shape)) {
        yield { path: [...path, key], from: sinceOf(field) };
        yield* walk(field, [...path, key]);
      }
      return;
    case 'array':
      yield* walk(def.element, [...path, '*']);
      return;
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      yield* walk(def.innerType, path);
  }
}

function findField(value: unknown, [key, ...rest]: readonly string[]): string[] | undefined {
  if (key === undefined) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = key === '*' ? Object.keys(value) : Object.hasOwn(value, key) ? [key] : [];
  for (const own of keys) {
    const found = findField((value as Record<string, unknown>)[own], rest);
    if (found) return [own, ...found];
  }
  return undefined;
}

function dropField(value: unknown, [key, ...rest]: readonly string[]): void {
  if (typeof value !== 'object' || value === null || key === undefined) return;
  const holder = value as Record<string, unknown>;
  if (key === '*') for (const item of Object.values(holder)) dropField(item, rest);
  else if (rest.length > 0) dropField(holder[key], rest);
  else delete holder[key];
}
