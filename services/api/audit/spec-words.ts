// Specs and nodes in a few words. Never throws: intents hold whatever somebody typed. Pure.
import { isDeepStrictEqual } from 'node:util';
import {
  countReplicas,
  formatMemory,
  modeOf,
  type NetworkSpec,
  type NodeDescription,
  type NodeSpec,
  normaliseServiceSpec,
  ownValue,
  type Port,
  type ServiceSpec,
} from '@muster/model';

/** " (nginx, 3 replicas)", from a spec in either form; nothing when it is none. */
export function describeSpecBriefly(body: unknown): string {
  const normalised = normaliseServiceSpec(body, undefined);
  // An intent may leave the name to its subject.
  const spec = normalised.ok ? normalised.spec : specOf(body);
  if (!spec) return '';
  return ` (${spec.taskTemplate.containerSpec.image}, ${describeMode(spec)})`;
}

function describeMode(spec: ServiceSpec): string {
  if (modeOf(spec) === 'global') return 'on every node';
  const replicas = countReplicas(spec);
  return `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

/** "drained, a manager, labelled zone=a" */
export function describeNodeSpec({ availability, role, labels }: NodeSpec): string {
  const words = { active: 'active', pause: 'paused', drain: 'drained' };
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const labelled = pairs.length === 0 ? [] : [`labelled ${pairs.join(', ')}`];
  return [words[availability], `a ${role}`, ...labelled].join(', ');
}

/** " (availability drain, +zone=a, -old)" */
export function describeNodeChange(body: unknown): string {
  if (!isRecord(body)) return '';
  const { availability, role, labels, addLabels, removeLabels } = body;
  const words = [
    ...(typeof availability === 'string' ? [`availability ${availability}`] : []),
    ...(typeof role === 'string' ? [`role ${role}`] : []),
    ...(isRecord(labels) ? [`labels ${listPairs(labels).join(', ') || 'none'}`] : []),
    ...(isRecord(addLabels) ? listPairs(addLabels).map((pair) => `+${pair}`) : []),
    ...(Array.isArray(removeLabels) ? removeLabels.map((label) => `-${String(label)}`) : []),
    ...(body.force === true ? ['by force'] : []),
  ];
  const shown = words.slice(0, MAX_CHANGES).map((word) => word.slice(0, MAX_VALUE_LENGTH));
  if (words.length > shown.length) shown.push(`${words.length - shown.length} more`);
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

function listPairs(labels: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(labels).map(([label, value]) => `${label}=${String(value)}`);
}

function specOf(body: unknown): ServiceSpec | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  const named = normaliseServiceSpec({ ...body, name: 'x' }, 'x');
  return named.ok ? named.spec : undefined;
}

/** ": replicas 3 -> 5, image a -> b", or nothing when the spec before is not known. */
export function describeSpecChange(
  before: ServiceSpec | undefined,
  after: ServiceSpec,
  nameNetwork: (id: string) => string = String,
): string {
  if (!before) return describeSpecBriefly(after);
  const changes: string[] = [];
  compare('', nameNetworks(before, nameNetwork), nameNetworks(after, nameNetwork), changes);
  if (changes.length === 0) return '';
  const shown = changes.slice(0, MAX_CHANGES);
  if (changes.length > shown.length) shown.push(`${changes.length - shown.length} more`);
  return `: ${shown.join(', ')}`;
}

/** "backend as db, cache": they are a list of objects, of which a person knows none by its id. */
function nameNetworks(spec: ServiceSpec, nameNetwork: (id: string) => string): object {
  const { networks } = spec.taskTemplate;
  if (!networks) return spec;
  const named = networks.map(
    ({ target, aliases }) => nameNetwork(target) + (aliases.length > 0 ? ` as ${aliases.join(' and ')}` : ''),
  );
  return { ...spec, taskTemplate: { ...spec.taskTemplate, networks: named.sort().join(', ') } };
}

const MAX_CHANGES = 6;
const MAX_VALUE_LENGTH = 60;

function compare(path: string, before: unknown, after: unknown, changes: string[]): void {
  if (isDeepStrictEqual(before, after)) return;
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(
        transparent.has(key) ? path : path === '' ? key : `${path}.${key}`,
        ownValue(before, key),
        ownValue(after, key),
        changes,
      );
    }
    return;
  }
  changes.push(`${path} ${showValue(before)} -> ${showValue(after)}`);
}

/** Levels of the long form that say nothing to a person. */
const transparent = new Set(['taskTemplate', 'containerSpec', 'mode', 'replicated', 'endpointSpec']);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function showValue(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH - 1)}…` : text;
}

/** " (overlay, 10.0.3.0/24, internal)" */
export function describeNetworkBriefly({ driver, ipam, ...spec }: NetworkSpec): string {
  const traits = (['internal', 'attachable', 'ingress', 'ipv6'] as const).filter((trait) => spec[trait]);
  return ` (${[driver, ...ipam.configs.map(({ subnet }) => subnet), ...traits].join(', ')})`;
}

/** Docker's notation: "*:8080->80/tcp". */
export function portText({ publishedPort, targetPort, protocol }: Port): string {
  return `*:${publishedPort}->${targetPort}/${protocol}`;
}

export function describeNodeBriefly({ platform, resources, engine }: NodeDescription): string {
  const cpus = resources.nanoCpus / 1e9;
  const size = `${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'}, ${formatMemory(resources.memoryBytes)}`;
  return `${platform.os}/${platform.architecture}, ${size}, ${engine.backend} ${engine.version}`.trimEnd();
}
