// From a zod schema to a function that checks stored JSON, as fast as hand-written code: a log is replayed by the million.
// It is strict: what the schema does not name is an issue of its own kind, because a newer build may have written it.
import { sinceOf, valueSinceOf } from '@muster/model';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { z } from 'zod';

export interface Issue {
  /** "statuses.0.state"; '' for the whole. */
  readonly path: string;
  readonly message: string;
  /** The schema has no such field: it may be younger than this build, or than the cluster's version. */
  readonly isUnknown: boolean;
}

export interface Check {
  /** Fills in what has a default in the event's own version. */
  passes(json: unknown): boolean;
  /** The same, and leaves what it is given as it is. */
  find(json: unknown): Issue | undefined;
  /** What is wrong though unknown fields are taken away; takes them away. */
  reduce(json: unknown): Issue | undefined;
  /** What `passes` needs, step by step: its first use would do it all at once. */
  compile(): Generator<void>;
}

/** The schemas are our own: checking them, and making the code shorter than it need be, would hold up every start. */
const common = {
  validateFormats: false,
  strict: false,
  validateSchema: false,
  meta: false,
  code: { optimize: false },
} as const;
const filling = new Ajv2020({ ...common, useDefaults: true });
const looking = new Ajv2020(common);
const reducing = new Ajv2020({ ...common, useDefaults: true, removeAdditional: true });

/** The schema as it was in that wire version. Compiled when it is first used: most programs meet a few events only. */
export function compileCheck(schema: z.ZodType, wire: number): Check {
  const json = lazy(() => describeAt(schema, wire));
  const fill = lazy(() => filling.compile(json()));
  const look = lazy(() => looking.compile(json()));
  const reduce = lazy(() => reducing.compile(json()));
  return {
    passes: (value) => fill()(value),
    find: (value) => explain(look(), value),
    reduce: (value) => explain(reduce(), value),
    *compile() {
      json();
      yield;
      fill();
      yield;
    },
  };
}

/** JSON Schema (2020-12) of what may be stored in that wire version. */
export function describeAt(schema: z.ZodType, wire: number): Record<string, unknown> {
  const described = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'object') limitFields(def.shape, jsonSchema, wire);
      if (def.type === 'enum')
        jsonSchema.enum = jsonSchema.enum!.filter((word) => valueSinceOf(zodSchema, word) <= wire);
      // Every key of a JSON object is a text.
      if (def.type === 'record') delete jsonSchema.propertyNames;
    },
  });
  return described as Record<string, unknown>;
}

function limitFields(
  shape: Readonly<Record<string, z.core.$ZodType>>,
  jsonSchema: z.core.JSONSchema.BaseSchema,
  wire: number,
): void {
  jsonSchema.additionalProperties = false;
  for (const [key, field] of Object.entries(shape)) {
    if (sinceOf(field) <= wire) continue;
    delete jsonSchema.properties![key];
    if (jsonSchema.required) jsonSchema.required = jsonSchema.required.filter((required) => required !== key);
  }
}

function explain(validate: ValidateFunction, value: unknown): Issue | undefined {
  if (validate(value)) return undefined;
  const [error] = validate.errors!;
  return {
    path: pathOf(error!),
    message: describe(error!),
    isUnknown: error!.keyword === 'additionalProperties',
  };
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const tokens = instancePath
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'required') tokens.push(params.missingProperty as string);
  if (keyword === 'additionalProperties') tokens.push(params.additionalProperty as string);
  return tokens.join('.');
}

function describe({ keyword, params, message = 'is not valid' }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is missing';
    case 'additionalProperties':
      return 'is not known to this program';
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params.allowedValue)}`;
    default:
      return message;
  }
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
