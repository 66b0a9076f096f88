// What SwarmKit's control API refuses in a service (manager/controlapi/service.go), in its words.
import { parseConstraint } from '../grammar/constraint.ts';
import { isImageReference } from '../grammar/image.ts';
import { compilePreference } from '../grammar/placement-preference.ts';
import { isPredefined } from '../network/predefined.ts';
import { checkAttachments } from '../network/validate-attachments.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { countReplicas, type Placement, type ServiceSpec, serviceModes } from './service-spec.ts';
import { checkContainer } from './validate-container.ts';
import { checkHostGateway } from './validate-names.ts';

const MIN_NANO_CPUS = 1e6;
const MIN_MEMORY_BYTES = 4 * 1024 * 1024;
const MAX_NAME_LENGTH = 63;
/** Ours: what one node agent and one event can reasonably hold. */
const MAX_REPLICAS = 1_000_000;
/** A service's events hold its spec, and NATS takes messages of 1 MB by default. */
const MAX_SPEC_BYTES = 512 * 1024;
/** Ours: each is a level of the tree that tasks are shared out by. */
const MAX_PREFERENCES = 16;

type Check = (spec: ServiceSpec) => Refusal | undefined;

const checks: readonly Check[] = [
  checkSize,
  ({ name }) => checkName(name),
  checkImage,
  checkMode,
  checkReplicas,
  checkResources,
  checkDurations,
  checkFailureRatios,
  checkPlacement,
  checkEndpointMode,
  checkPorts,
  checkIngress,
  ({ taskTemplate }) => checkAttachments(taskTemplate.networks ?? []),
  ({ taskTemplate }) => checkHostGateway(taskTemplate),
  (spec) => checkContainer(spec.taskTemplate.containerSpec, spec),
];

export function validateServiceSpec(spec: ServiceSpec): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(spec);
    if (refusal) return refusal;
  }
  return undefined;
}

function checkSize(spec: ServiceSpec): Refusal | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(spec)).length;
  if (bytes <= MAX_SPEC_BYTES) return undefined;
  return refuse('invalid', `the complete spec has ${bytes} bytes; at most ${MAX_SPEC_BYTES} are allowed`);
}

/** Of any object: SwarmKit's validateAnnotations. */
export function checkName(name: string): Refusal | undefined {
  if (name === '') return refuse('invalid', 'meta: name must be provided', 'name');
  // The same names as SwarmKit's pattern, which in JavaScript would take till the end of time to refuse some.
  if (!/^[a-zA-Z0-9](?:[-_a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(name)) {
    return refuse(
      'invalid',
      `invalid name "${name}", only [a-zA-Z0-9][a-zA-Z0-9-_]*[a-zA-Z0-9] are allowed`,
      'name',
    );
  }
  if (name.length > MAX_NAME_LENGTH) return refuse('invalid', 'name must be 63 characters or fewer', 'name');
  return undefined;
}

function checkImage({ taskTemplate: { containerSpec } }: ServiceSpec): Refusal | undefined {
  const { image } = containerSpec;
  if (image === '') return refuse('invalid', 'ContainerSpec: image reference must be provided', 'image');
  if (isImageReference(image)) return undefined;
  return refuse('invalid', `ContainerSpec: "${image.slice(0, 100)}" is not a valid repository/tag`, 'image');
}

function checkMode({ mode }: ServiceSpec): Refusal | undefined {
  const given = serviceModes.filter((name) => mode[name] !== undefined);
  if (given.length === 1) return undefined;
  const problem = given.length === 0 ? 'none is given' : `${given.join(' and ')} are given`;
  return refuse('invalid', `a service has one mode: ${problem}`, 'mode');
}

/** All that a scaling changes. What else the spec says was admitted before, perhaps by an earlier version. */
export function checkReplicas(spec: ServiceSpec): Refusal | undefined {
  const replicas = countReplicas(spec);
  if (replicas < 0) return refuse('invalid', 'Number of replicas must be non-negative', 'replicas');
  if (replicas > MAX_REPLICAS)
    return refuse('invalid', `Number of replicas must be at most ${MAX_REPLICAS}`, 'replicas');
  return undefined;
}

function checkResources({ taskTemplate: { resources } }: ServiceSpec): Refusal | undefined {
  for (const [kind, amounts] of Object.entries(resources)) {
    const { nanoCpus, memoryBytes } = amounts;
    if (nanoCpus !== 0 && nanoCpus < MIN_NANO_CPUS) {
      return refuse(
        'invalid',
        `invalid cpu value ${nanoCpus / 1e9}: Must be at least 0.001`,
        `resources.${kind}.nanoCpus`,
      );
    }
    if (memoryBytes !== 0 && memoryBytes < MIN_MEMORY_BYTES) {
      return refuse(
        'invalid',
        `invalid memory value ${memoryBytes}: Must be at least 4MiB`,
        `resources.${kind}.memoryBytes`,
      );
    }
  }
  return undefined;
}

function checkDurations({ taskTemplate, updateConfig, rollbackConfig }: ServiceSpec): Refusal | undefined {
  const { restartPolicy, containerSpec } = taskTemplate;
  const named: readonly [string, number | undefined, string][] = [
    ['restart-delay', restartPolicy.delay, 'restart.delay'],
    ['restart-window', restartPolicy.window, 'restart.window'],
    ['update-delay', updateConfig.delay, 'update.delay'],
    ['update-monitor', updateConfig.monitor, 'update.monitor'],
    ['rollback-delay', rollbackConfig?.delay, 'rollback.delay'],
    ['rollback-monitor', rollbackConfig?.monitor, 'rollback.monitor'],
    ['stop-grace-period', containerSpec.stopGracePeriod, 'stopGracePeriod'],
  ];
  for (const [name, nanos, field] of named) {
    if (nanos !== undefined && nanos < 0)
      return refuse('invalid', `TaskSpec: ${name} cannot be negative`, field);
  }
  return undefined;
}

function checkFailureRatios({ updateConfig, rollbackConfig }: ServiceSpec): Refusal | undefined {
  const named: readonly [string, number | undefined][] = [
    ['update', updateConfig.maxFailureRatio],
    ['rollback', rollbackConfig?.maxFailureRatio],
  ];
  for (const [name, ratio] of named) {
    if (ratio === undefined || (ratio >= 0 && ratio <= 1)) continue;
    const message = `TaskSpec: ${name}-maxfailureratio cannot be less than 0 or bigger than 1`;
    return refuse('invalid', message, `${name}.maxFailureRatio`);
  }
  return undefined;
}

function checkPlacement({ taskTemplate: { placement } }: ServiceSpec): Refusal | undefined {
  for (const [index, text] of placement.constraints.entries()) {
    const constraint = parseConstraint(text);
    if ('error' in constraint) return refuse('invalid', constraint.error, `placement.constraints.${index}`);
  }
  return checkPreferences(placement);
}

function checkPreferences({ preferences = [] }: Placement): Refusal | undefined {
  const field = 'placement.preferences';
  if (preferences.length > MAX_PREFERENCES) {
    const message = `${preferences.length} placement preferences; at most ${MAX_PREFERENCES} are allowed`;
    return refuse('invalid', message, field);
  }
  for (const [index, preference] of preferences.entries()) {
    if (compilePreference(preference)) continue;
    const { spreadDescriptor } = preference.spread;
    const message = `invalid placement preference "spread=${spreadDescriptor}": tasks are spread by node.labels.<name> or engine.labels.<name>`;
    return refuse('invalid', message, `${field}.${index}`);
  }
  return undefined;
}

function checkEndpointMode({ endpointSpec: { mode, ports } }: ServiceSpec): Refusal | undefined {
  if (mode !== 'dnsrr') return undefined;
  const index = ports.findIndex(({ publishMode }) => publishMode === 'ingress');
  if (index < 0) return undefined;
  const message = `EndpointSpec: port published with ingress mode can't be used with dnsrr mode: publish with mode=host, or use mode vip`;
  return refuse('invalid', message, `ports.${index}.mode`);
}

/** Docker runs a container in its host's namespace, or on networks. */
function checkIngress({ taskTemplate: { networks = [] }, endpointSpec: { ports } }: ServiceSpec) {
  const index = ports.findIndex(({ publishMode }) => publishMode === 'ingress');
  const own = networks.find(({ target }) => isPredefined(target));
  if (index < 0 || own === undefined) return undefined;
  const message = `EndpointSpec: a service on network ${own.target} can't be on the ingress network, which a port published with ingress mode is reached through: publish with mode=host`;
  return refuse('invalid', message, `ports.${index}.mode`);
}

function checkPorts({ endpointSpec: { ports } }: ServiceSpec): Refusal | undefined {
  const published = new Set<string>();
  for (const [index, port] of ports.entries()) {
    if (port.publishedPort === 0) continue;
    const key = `${port.publishedPort}/${port.protocol}`;
    if (published.has(key)) {
      return refuse('invalid', `EndpointSpec: duplicate published ports provided: ${key}`, `ports.${index}`);
    }
    published.add(key);
  }
  return undefined;
}
