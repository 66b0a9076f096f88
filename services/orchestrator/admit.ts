// The verdict on an intent: accepted by an event that makes the change, or refused by one that names the reason.

import { isDeepStrictEqual } from 'node:util';
import {
  checkIntentSubject,
  ENVELOPE_BYTES,
  type EventDraft,
  eventSubject,
  findUnreadable,
  type IntentFact,
  intents,
  removeIntentSchema,
  scaleIntentSchema,
  sizeOfText,
  updateIntentSchema,
} from '@muster/events';
import {
  checkReplicas,
  DEFAULT_TEAM,
  deriveServiceId,
  explainIssue,
  nameWithTeam,
  normaliseServiceSpec,
  type Refusal,
  refuse,
  type ServiceSpec,
  serviceSpecSchema,
  withoutYounger,
} from '@muster/model';
import type { Decision } from '@muster/runtime';
import { type ClusterState, lastSeqOf, type Service } from '@muster/state';

/** Digits of a port that is left to the allocator. */
const PORT_BYTES = 5;

type Verdict = { readonly event: EventDraft } | { readonly refusal: Refusal };

/** One decision for one intent, whatever the intent holds. */
export function admit(state: ClusterState, intent: IntentFact, maxRecordBytes: number): Decision {
  const verdict = checkSize(makeReadable(state, judgeSafely(state, intent)), maxRecordBytes);
  if ('refusal' in verdict) return rejectIntent(state, intent, verdict.refusal);
  const { event } = verdict;
  const subject =
    'serviceId' in event
      ? eventSubject('orchestrator', 'service', event.serviceId)
      : eventSubject('orchestrator', 'intent', intent.seq);
  return { event, expect: lastSeqOf(state, subject) };
}

function rejectIntent(state: ClusterState, intent: IntentFact, { kind, message, field }: Refusal): Decision {
  const event: EventDraft = {
    type: 'intent.rejected',
    cause: intent.seq,
    intent: intent.seq,
    actor: intent.actor,
    kind,
    message,
    ...(field !== undefined && { field }),
  };
  // 0, unless somebody who may not has written there.
  return { event, expect: lastSeqOf(state, eventSubject('orchestrator', 'intent', intent.seq)) };
}

/** What follows from a spec is stored whole as well: its ports, with their numbers, and the command of each task. */
function checkSize(verdict: Verdict, maxRecordBytes: number): Verdict {
  if (!('event' in verdict) || !('spec' in verdict.event)) return verdict;
  const { spec, actor } = verdict.event;
  const specBytes = Buffer.byteLength(JSON.stringify(spec));
  const ports = spec.endpointSpec?.ports?.length ?? 0;
  const bytes = specBytes + ports * PORT_BYTES + sizeOfText(actor) + ENVELOPE_BYTES;
  if (bytes <= maxRecordBytes) return verdict;
  return refusal(
    'invalid',
    `the spec is too large: with ${specBytes} bytes its records have up to ${bytes}, and the log takes at most ${maxRecordBytes}; make it smaller, or raise max_payload in the server's configuration`,
  );
}

/** A bug of ours that some intent meets must not keep every other from its verdict. */
function judgeSafely(state: ClusterState, intent: IntentFact): Verdict {
  try {
    return judge(state, intent);
  } catch (error) {
    return refusal('unsupported', `muster failed to read this: ${(error as Error).message}`);
  }
}

/** What nobody could read back is no verdict: whatever an intent holds, it gets one that is. */
function makeReadable({ wireVersion }: ClusterState, verdict: Verdict): Verdict {
  if ('refusal' in verdict) return verdict;
  const issue = findUnreadable(verdict.event, wireVersion);
  if (!issue) return verdict;
  const field = issue.path.replace(/^spec\./, '');
  return refusal('invalid', `${field} ${issue.message}`, field);
}

function judge(state: ClusterState, intent: IntentFact): Verdict {
  if (intent.error !== undefined) return refusal('invalid', intent.error);
  const misplaced = checkIntentSubject(intent);
  if (misplaced) return { refusal: misplaced };
  const known = intents.filter((definition) => definition.kind === intent.kind);
  if (known.length === 0) {
    const kinds = [...new Set(intents.map((definition) => definition.kind))].join(', ');
    return refusal('unsupported', `unknown kind "${intent.kind}": there is ${kinds}`, 'kind');
  }
  switch (intent.verb) {
    case 'create':
    case 'apply':
      return judgeDescription(state, intent);
    case 'update':
      return judgeUpdate(state, intent);
    case 'scale':
      return judgeScale(state, intent);
    case 'remove':
      return judgeRemoval(state, intent);
    default: {
      const verbs = known.map((definition) => definition.verb).join(', ');
      return refusal(
        'unsupported',
        `unknown verb "${intent.verb}" for ${intent.kind}: there is ${verbs}`,
        'verb',
      );
    }
  }
}

function judgeDescription(state: ClusterState, intent: IntentFact): Verdict {
  const normalised = normaliseServiceSpec(intent.body, intent.name, state.wireVersion);
  if (!normalised.ok) return normalised;
  const { spec } = normalised;
  const { seq: cause, team, actor } = intent;
  const [service, ...others] = state.serviceByName.meant(team, spec.name);
  if (!service) {
    const serviceId = deriveServiceId(spec.name, cause, { clusterId: state.cluster?.id, team });
    const ofTeam = team === DEFAULT_TEAM ? {} : { team };
    return { event: { type: 'service.created', cause, serviceId, actor, ...ofTeam, spec } };
  }
  if (intent.verb === 'create') {
    return refusal(
      'conflict',
      `name conflicts with an existing object: service ${nameWithTeam({ team, name: service.spec.name })} already exists`,
      'name',
    );
  }
  if (others.length > 0) return ambiguous(intent, spec.name, others.length + 1);
  return change(state, intent, service, { ...spec, name: service.spec.name });
}

function judgeUpdate(state: ClusterState, intent: IntentFact): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  const wrapped = typeof intent.body === 'object' && intent.body !== null && 'spec' in intent.body;
  const body = updateIntentSchema.safeParse(wrapped ? intent.body : { spec: intent.body });
  if (!body.success) return { refusal: explainIssue(body.error.issues[0]!) };
  const { version } = body.data;
  if (version !== undefined && version !== service.specSeq) {
    return refusal(
      'conflict',
      `update out of sequence: the service is at version ${service.specSeq}, not ${version}`,
      'version',
    );
  }
  const normalised = normaliseServiceSpec(body.data.spec, service.spec.name, state.wireVersion);
  return normalised.ok ? change(state, intent, service, normalised.spec) : normalised;
}

function judgeScale(state: ClusterState, intent: IntentFact): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  const body = scaleIntentSchema.safeParse(intent.body);
  if (!body.success) return { refusal: explainIssue(body.error.issues[0]!) };
  const spec: ServiceSpec = {
    ...storable(state, service),
    mode: { replicated: { replicas: body.data.replicas } },
  };
  const invalid = checkReplicas(spec);
  return invalid ? { refusal: invalid } : change(state, intent, service, spec);
}

function judgeRemoval(state: ClusterState, intent: IntentFact): Verdict {
  const service = findService(state, intent);
  if ('refusal' in service) return service;
  const body = removeIntentSchema.safeParse(intent.body);
  if (!body.success) return { refusal: explainIssue(body.error.issues[0]!) };
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
  if (isDeepStrictEqual(storable(state, service), spec)) {
    return {
      event: {
        type: 'intent.satisfied',
        cause,
        intent: cause,
        actor,
        message: `service ${nameWithTeam({ team, name: spec.name })} is so already`,
      },
    };
  }
  return { event: { type: 'service.updated', cause, serviceId: service.id, actor, spec } };
}

function findService(state: ClusterState, intent: IntentFact): Service | { readonly refusal: Refusal } {
  const { team, name } = intent;
  if (name === undefined) return refusal('invalid', 'the subject names no service', 'name');
  const [service, ...others] = state.serviceByName.meant(team, name);
  if (!service) return refusal('not-found', `service ${nameWithTeam({ team, name })} not found`, 'name');
  return others.length > 0 ? ambiguous(intent, name, others.length + 1) : service;
}

/** Only in a log that is older than the rule that names are told apart without regard to case. */
function ambiguous({ team }: IntentFact, name: string, count: number): { readonly refusal: Refusal } {
  const shown = nameWithTeam({ team, name });
  return refusal('conflict', `service ${shown} is ambiguous (${count} matches found)`, 'name');
}

function refusal(...reason: Parameters<typeof refuse>): { readonly refusal: Refusal } {
  return { refusal: refuse(...reason) };
}
