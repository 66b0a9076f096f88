// JSON Schema (2020-12) of everything that travels, from the zod schemas that the program itself checks with. They
// describe what may stand on the wire: what has a default may be left out there.

import { queries, replySchema } from '@muster/api';
import {
  catalogue,
  describeAt,
  type EventDefinition,
  execAnswerSchema,
  execRequestSchema,
  followsSchema,
  forgetCommandSchema,
  goneEndpointsSchema,
  heartbeatSchema,
  intents,
  logPartSchema,
  logRequestSchema,
  networkAnswerSchema,
  networkEndpointsSchema,
  networkRequestSchema,
  schemaOf,
  serviceBodySchema,
  serviceEndpointsSchema,
  taskCommandSchema,
  WIRE_VERSION,
} from '@muster/events';
import {
  nodeDescriptionSchema,
  ownValue,
  portSchema,
  serviceSpecSchema,
  shortFormSchema,
  taskSpecSchema,
} from '@muster/model';
import { copyStatsSchema } from '@muster/telemetry';
import { z } from 'zod';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface Named {
  readonly name: string;
  readonly schema: z.ZodType;
  readonly title: string;
  readonly description?: string;
}

/** NATS' own, as far as it is of use. */
const acknowledgementSchema = z.union([
  z.object({
    stream: z.string(),
    seq: z.int().positive().describe('Its sequence: of an intent, the `cause` of its verdict.'),
    duplicate: z
      .boolean()
      .optional()
      .describe('It was kept before, with this sequence: two had one `Nats-Msg-Id`.'),
  }),
  z.object({
    error: z.object({
      code: z.int().describe('As of HTTP.'),
      err_code: z.int().describe('10071 or 10164: not the last sequence that was expected.'),
      description: z.string(),
    }),
  }),
]);

/** By name, which is also that of the file: `<name>.json`. */
export function generateJsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const all = [...listSchemas()];
  const registry = z.registry<{ id: string }>();
  const firstName = new Map<z.ZodType, string>();
  for (const { name, schema } of all) {
    if (firstName.has(schema)) continue;
    firstName.set(schema, name);
    registry.add(schema, { id: name });
  }
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: nameFile, override: keepDefault });
  const result = new Map<string, JsonSchema>();
  for (const { name, schema, title, description } of all) {
    const same = firstName.get(schema)!;
    const body = same === name ? (ownValue(schemas, name) as JsonSchema) : { $ref: nameFile(same) };
    const { $schema: _, $id: __, ...keywords } = body;
    result.set(name, {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: nameFile(name),
      title,
      ...(description !== undefined && { description }),
      ...keywords,
    });
  }
  for (const { type, version } of catalogue) fixVersion(result.get(`event.${type}`)!, version);
  return result;
}

/**
 * What the log and the commands hold, version by version and whole: as the checks of decode go by it.
 * `<type>.v<version>.json`; once it is in the repository it stays as it is for ever.
 */
export function generateStoredSchemas(): ReadonlyMap<string, JsonSchema> {
  const result = new Map<string, JsonSchema>();
  for (const definition of catalogue as readonly EventDefinition[]) {
    for (let version = 1; version <= definition.version; version += 1) {
      const { schema, wire } = schemaOf(definition, version);
      const title = `${definition.type}, version ${version}`;
      const body: JsonSchema = { title, ...describeAt(schema, wire) };
      fixVersion(body, version);
      result.set(`${definition.type}.v${version}.json`, withoutProse(body) as JsonSchema);
    }
  }
  for (const schema of [taskCommandSchema, forgetCommandSchema])
    for (const [file, body] of listForms('command', 1, schema)) result.set(file, body);
  for (const schema of [networkEndpointsSchema, serviceEndpointsSchema, goneEndpointsSchema])
    for (const [file, body] of listForms('endpoints', 2, schema)) result.set(file, body);
  return result;
}

/** What is derived has one version, and parts of it are younger than others: one file for each wire version that changes it. */
function* listForms(
  kind: 'command' | 'endpoints',
  from: number,
  schema: z.ZodObject<{ type: z.ZodLiteral<string> }>,
): Generator<[file: string, body: JsonSchema]> {
  const name = `${kind}.${schema.shape.type.value}`;
  let last = '';
  for (let wire = from; wire <= WIRE_VERSION; wire += 1) {
    const body = withoutProse(describeAt(schema, wire)) as JsonSchema;
    const text = JSON.stringify(body);
    if (text === last) continue;
    last = text;
    const file = wire === from ? `${name}.v1.json` : `${name}.v1.wire${wire}.json`;
    yield [file, { title: `${name}, version 1${wire === from ? '' : `, wire version ${wire}`}`, ...body }];
  }
}

/** Words may be bettered at any time. */
function withoutProse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProse);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, of]) => key !== 'description' || typeof of !== 'string');
  return Object.fromEntries(kept.map(([key, of]) => [key, withoutProse(of)]));
}

export function nameFile(name: string): string {
  return `${name}.json`;
}

/** Those that others refer to come first. */
function* listSchemas(): Generator<Named> {
  yield { name: 'service-spec', schema: serviceSpecSchema, title: 'A service, in the long form' };
  yield { name: 'short-form', schema: shortFormSchema, title: 'A service, in the short form' };
  yield {
    name: 'service-body',
    schema: serviceBodySchema,
    title: 'A service, in either form, whose name may be left to the subject',
  };
  yield { name: 'task-spec', schema: taskSpecSchema, title: 'What each task of a service is made from' };
  yield { name: 'node-description', schema: nodeDescriptionSchema, title: 'What a node says of itself' };
  yield { name: 'port', schema: portSchema, title: 'A published port' };
  yield {
    name: 'acknowledgement',
    schema: acknowledgementSchema,
    title: 'What the server says of a message that a stream is to keep',
  };
  for (const { kind, verb, description, schema } of intents) {
    yield { name: `intent.${kind}.${verb}`, schema, title: `${kind} ${verb}`, description };
  }
  for (const { type, description, schema } of catalogue) {
    yield { name: `event.${type}`, schema, title: type, description };
  }
  yield { name: 'command.task', schema: taskCommandSchema, title: 'What is wanted of a task' };
  yield { name: 'command.forget', schema: forgetCommandSchema, title: 'Nothing is to be left of a task' };
  yield {
    name: 'endpoints.network',
    schema: networkEndpointsSchema,
    title: 'A network, and the nodes on it',
  };
  yield {
    name: 'endpoints.service',
    schema: serviceEndpointsSchema,
    title: 'Who answers for a service on a network',
  };
  yield { name: 'endpoints.gone', schema: goneEndpointsSchema, title: 'Nobody is there any more' };
  yield { name: 'follows', schema: followsSchema, title: 'How far a node follows the endpoints' };
  yield { name: 'heartbeat', schema: heartbeatSchema, title: 'An agent is alive' };
  yield { name: 'log.request', schema: logRequestSchema, title: 'Asks for the output of a task' };
  yield { name: 'log.part', schema: logPartSchema, title: 'A part of the output of a task' };
  yield { name: 'exec.request', schema: execRequestSchema, title: 'Asks for a command to be run in a task' };
  yield { name: 'exec.answer', schema: execAnswerSchema, title: 'What came of the command' };
  yield {
    name: 'network.request',
    schema: networkRequestSchema,
    title: 'Asks what a node has of its networks',
  };
  yield { name: 'network.answer', schema: networkAnswerSchema, title: 'What a node has of its networks' };
  yield { name: 'stats.answer', schema: copyStatsSchema, title: 'How the copies of a process are' };
  for (const [query, { request, answer }] of Object.entries(queries)) {
    yield { name: `query.${query}.request`, schema: request, title: `Asks for ${query}` };
    const reply = replySchema.extend({ answer: answer.optional() });
    yield { name: `query.${query}.answer`, schema: reply, title: `Answers ${query}` };
  }
}

/** The default of what is transformed: zod leaves it out, since it need not be valid input. A number of nanoseconds is. */
function keepDefault({
  zodSchema,
  jsonSchema,
}: {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}): void {
  const { def } = zodSchema._zod;
  if (def.type === 'default' && typeof def.defaultValue === 'number') jsonSchema.default = def.defaultValue;
}

/** Old versions are upcast when read; nobody writes one. */
function fixVersion({ properties }: JsonSchema, version: number): void {
  const fields = properties as { v: JsonSchema };
  fields.v = { description: fields.v.description, const: version };
}
