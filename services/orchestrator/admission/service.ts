// Intents about services. A service is known by its name, of which a team has one, whatever its case.
import { type IntentBody, type IntentFact, readStored, serviceSpecForm } from '@muster/events';
import {
  checkReplicas,
  DEFAULT_TEAM,
  deriveServiceId,
  equalJson,
  modeOf,
  nameWithTeam,
  normaliseServiceSpec,
  type ServiceSpec,
  serviceSpecSchema,
  withoutYounger,
} from '@muster/model';
import { type ClusterState, findPortConflict, hasAttached, lacksIngress, type Service } from '@muster/state';
import { checkVersion, type Refused, refusal, satisfied, type Verdict } from './judge.ts';
import { makeIngress } from './network.ts';
import { resolveNetworks } from './service-networks.ts';

export function createService(state: ClusterState, intent: IntentFact, body: unknown): Verdict {
  return describeService(state, intent, body, ({ team }, service) =>
    refusal(
      'conflict',
      `name conflicts with an existing object: service ${nameWithTeam({ team, name: service.spec.name })} already exists`,
      'name',
    ),
  );
}

export function applyService(state: ClusterState, intent: IntentFact, body: unknown): Verdict {
  return describeService(state, intent, body, (_, service, spec, others) =>
    others > 0
      ? ambiguous(intent, spec.name, others + 1)
      : change(state, intent, service, { ...spec, name: service.spec.name }),
  );
}

function describeService(
  state: ClusterState,
  intent: IntentFact,
  body: unknown,
  whenThere: (intent: IntentFact, service: Service, spec: ServiceSpec, others: number) => Verdict,
): Verdict {
  const normalised = normaliseServiceSpec(body, intent.name, state.wireVersion);
  if (!normalised.ok) return normalised;
  const { seq: cause, team, actor } = intent;
  const resolved = resolveNetworks(state, team, normalised.spec);
  if ('refusal' in resolved) return resolved;
  const { spec } = resolved;
  const [service, ...others] = state.serviceByName.meant(team, spec.name);
  if (service) return whenThere(intent, service, spec, others.length);
  const obstacle = findObstacle(state, intent, spec);
  if (obstacle) return obstacle;
  const serviceId = deriveServiceId(spec.name, cause, { clusterId: state.cluster?.id, team });
  const ofTeam = team === DEFAULT_TEAM ? {} : { team };
  return { event: { type: 'service.created', cause, serviceId, actor, ...ofTeam, spec } };
}

export function updateService(
  state: ClusterState,
  intent: IntentFact,
  { spec, version }: IntentBody<'service.update'>,
): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  const stale = checkVersion('service', service, version);
  if (stale) return stale;
  const normalised = normaliseServiceSpec(spec, service.spec.name, state.wireVersion);
  if (!normalised.ok) return normalised;
  const resolved = resolveNetworks(state, service.team, normalised.spec);
  return 'refusal' in resolved ? resolved : change(state, intent, service, resolved.spec);
}

export function scaleService(
  state: ClusterState,
  intent: IntentFact,
  { replicas }: IntentBody<'service.scale'>,
): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  if (modeOf(service.spec) !== 'replicated') {
    return refusal('invalid', 'scale can only be used with replicated or replicated-job mode', 'replicas');
  }
  const spec: ServiceSpec = { ...storable(state, service), mode: { replicated: { replicas } } };
  const invalid = checkReplicas(spec);
  return invalid ? { refusal: invalid } : change(state, intent, service, spec);
}

export function rollBackService(
  state: ClusterState,
  intent: IntentFact,
  body: IntentBody<'service.rollback'>,
): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  const stale = checkVersion('service', service, body?.version);
  if (stale) return stale;
  if (!service.previousSpec) {
    const name = nameWithTeam({ team: service.team, name: service.spec.name });
    return refusal('conflict', `service ${name} does not have a previous spec`);
  }
  const previous = readStored(serviceSpecForm, service.previousSpec);
  if (!hasAttached(state, previous)) {
    const message =
      'the previous spec is on a network that has been removed since: update the service instead';
    return refusal('conflict', message);
  }
  const obstacle = findObstacle(state, intent, previous, service);
  if (obstacle) return obstacle;
  const { seq: cause, actor } = intent;
  const message = 'manually requested rollback';
  return { event: { type: 'service.rolled_back', cause, serviceId: service.id, actor, message } };
}

export function removeService(state: ClusterState, intent: IntentFact): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  return {
    event: { type: 'service.removed', cause: intent.seq, serviceId: service.id, actor: intent.actor },
  };
}

/** The spec as the cluster could store it today. */
function storable({ wireVersion }: ClusterState, { spec }: Service): ServiceSpec {
  return withoutYounger(spec, serviceSpecSchema, wireVersion);
}

function change(state: ClusterState, intent: IntentFact, service: Service, spec: ServiceSpec): Verdict {
  const { seq: cause, actor, team } = intent;
  if (modeOf(spec) !== modeOf(service.spec)) {
    return refusal('unsupported', 'service mode change is not allowed', 'mode');
  }
  if (equalJson(storable(state, service), spec))
    return satisfied(intent, `service ${nameWithTeam({ team, name: spec.name })} is so already`);
  const obstacle = findObstacle(state, intent, spec, service);
  if (obstacle) return obstacle;
  return { event: { type: 'service.updated', cause, serviceId: service.id, actor, spec } };
}

/** What comes before the change: a port is another service's, or there is no ingress network yet. */
function findObstacle(
  state: ClusterState,
  intent: IntentFact,
  spec: ServiceSpec,
  service?: Service,
): Verdict | undefined {
  const { ports } = spec.endpointSpec;
  const conflict = findPortConflict(state, ports, service?.id);
  if (!conflict) return lacksIngress(state, spec) ? makeIngress(state, intent) : undefined;
  const { publishedPort, publishMode, serviceId } = conflict;
  const other = state.services.get(serviceId)!;
  const name = nameWithTeam({ team: other.team, name: other.spec.name });
  const as = publishMode === 'ingress' ? 'an ingress port' : 'a host-published port';
  const index = ports.findIndex((port) => port.publishedPort === publishedPort);
  // SwarmKit's words.
  const message = `port '${publishedPort}' is already in use by service '${name}' (${serviceId}) as ${as}`;
  return refusal('invalid', message, `ports.${index}`);
}

function findService(state: ClusterState, intent: IntentFact): Service | Refused {
  const { team, name } = intent;
  if (name === undefined) return refusal('invalid', 'the subject names no service', 'name');
  const [service, ...others] = state.serviceByName.meant(team, name);
  if (!service) return refusal('not-found', `service ${nameWithTeam({ team, name })} not found`, 'name');
  return others.length > 0 ? ambiguous(intent, name, others.length + 1) : service;
}

/** Only in a log that is older than the rule that names are told apart without regard to case. */
function ambiguous({ team }: IntentFact, name: string, count: number): Refused {
  const shown = nameWithTeam({ team, name });
  return refusal('conflict', `service ${shown} is ambiguous (${count} matches found)`, 'name');
}
