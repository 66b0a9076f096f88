// From whatever a user wrote, short form or long, to one complete ServiceSpec, or to a refusal that names the
// field. Normalising a normal form changes nothing.
import type { z } from 'zod';
import { type Refusal, refuse } from '../refusal.ts';
import { restoreProtoKeys } from '../stored/own-keys.ts';
import { dropYounger, findYounger } from '../stored/younger-fields.ts';
import { findTemplate, TEMPLATES_SINCE } from './expand-templates.ts';
import { type ServiceSpec, serviceSpecSchema } from './service-spec.ts';
import { expandShortForm, shortenPath, shortFormSchema } from './short-form.ts';
import { validateServiceSpec } from './validate.ts';

export type Normalised =
  | { readonly ok: true; readonly spec: ServiceSpec }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * `name` comes from the subject; a body that names another service is refused. `wire` is the cluster's version: what only
 * a younger one can store is refused by name.
 */
export function normaliseServiceSpec(
  body: unknown,
  name: string | undefined,
  wire = Number.MAX_SAFE_INTEGER,
): Normalised {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refused(refuse('invalid', 'a service is described by a JSON object'));
  }
  let long: Record<string, unknown> = body as Record<string, unknown>;
  const isShort = !('taskTemplate' in body);
  const younger = findYounger(body, isShort ? shortFormSchema : serviceSpecSchema, wire);
  if (younger !== undefined) return refused(refuseYounger(younger, wire));
  if (isShort) {
    const short = shortFormSchema.safeParse(body);
    if (!short.success) return refused(explainIssue(short.error.issues[0]!));
    long = expandShortForm(restoreProtoKeys(short.data, body));
    const asked = findYounger({ mode: long.mode }, serviceSpecSchema, wire);
    if (asked !== undefined) return refused(refuseYounger(asked, wire));
  }
  if (name !== undefined && long.name !== undefined && long.name !== name) {
    return refused(
      refuse('invalid', `the subject names service "${name}" and the body "${long.name}"`, 'name'),
    );
  }
  const parsed = serviceSpecSchema.safeParse({ ...long, name: long.name ?? name ?? '' });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return refused(explainIssue(isShort ? { ...issue, path: shortenPath(issue.path) } : issue));
  }
  restoreProtoKeys(parsed.data, long);
  dropYounger(parsed.data, serviceSpecSchema, wire);
  const refusal =
    refuseTemplates(parsed.data, wire) ?? validateServiceSpec(parsed.data) ?? checkMesh(parsed.data, wire);
  return refusal ? refused(refusal) : { ok: true, spec: parsed.data };
}

/** The first wire version's agents know no ingress network, which is what a port gets that nobody says a mode of. */
function checkMesh({ endpointSpec: { ports } }: ServiceSpec, wire: number): Refusal | undefined {
  const index = ports.findIndex(({ publishMode }) => publishMode === 'ingress');
  if (index < 0 || wire >= INGRESS_SINCE) return undefined;
  return refuseYounger('a port published with ingress mode', wire, `ports.${index}.mode`);
}

const INGRESS_SINCE = 2;

/** An agent of before would take them for what they say. */
function refuseTemplates({ taskTemplate }: ServiceSpec, wire: number): Refusal | undefined {
  const found = wire < TEMPLATES_SINCE ? findTemplate(taskTemplate.containerSpec) : undefined;
  return found && refuseYounger(`the template ${found.template} in ${found.field}`, wire, found.field);
}

/** What only a younger wire version can store. */
export function refuseYounger(what: string, wire: number, field = what): Refusal {
  const why = `the cluster is at version ${wire} until every copy and every agent has been upgraded`;
  return refuse('unsupported', `${what} is not supported yet: ${why}`, field);
}

function refused(refusal: Refusal): Normalised {
  return { ok: false, refusal };
}

/** Fields of SwarmKit's ServiceSpec that muster knows of and does not act on yet. */
const notYet = new Set([
  'networks',
  'secrets',
  'configs',
  'privileges',
  'groups',
  'isolation',
  'sysctls',
  'capabilityAdd',
  'capabilityDrop',
  'ulimits',
  'pidsLimit',
  'oomScoreAdj',
  'openStdin',
  'logDriver',
  'pullOptions',
  'platforms',
  'generic',
  'swapBytes',
  'memorySwappiness',
  'replicatedJob',
  'globalJob',
  'resourceReferences',
  'runtime',
  'attachment',
  'driverOpts',
  'bindOptions',
  'volumeOptions',
  'tmpfsOptions',
  'consistency',
]);

/** Turns the first thing wrong into a refusal whose field is the path as the user wrote it. */
export function explainIssue(issue: z.core.$ZodIssue): Refusal {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const field = path ? `${path}.${key}` : key;
    return notYet.has(key)
      ? refuse('unsupported', `${field} is not supported by this version of muster`, field)
      : refuse('invalid', `unknown field "${field}"`, field);
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest says best what is wrong.
    const deepest = issue.errors
      .map((branch) => branch[0]!)
      .reduce((best, other) => (other && rankIssue(other) > rankIssue(best) ? other : best));
    return explainIssue({ ...deepest, path: [...issue.path, ...deepest.path] });
  }
  const message = explainLimit(issue) ?? issue.message;
  return refuse('invalid', path ? `${path}: ${message}` : message, path || undefined);
}

/** What is wrong with a number, in our words. */
function explainLimit(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.expected === 'int') return 'an integer is needed';
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return undefined;
  if (issue.origin !== 'number' && issue.origin !== 'int') return undefined;
  return issue.code === 'too_big'
    ? `at most ${issue.maximum} is allowed`
    : `at least ${issue.minimum} is allowed`;
}

function rankIssue(issue: z.core.$ZodIssue): number {
  return issue.path.length * 2 + (issue.code === 'custom' || issue.code === 'unrecognized_keys' ? 1 : 0);
}
