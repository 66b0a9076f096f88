// A fact of the log as a sentence: who did what, and why. Pure; used by `events` and by `audit`.
import type { EventFact, EventOf, Fact, IntentFact, MusterEvent } from '@muster/events';
import { DEFAULT_TEAM, nameWithTeam } from '@muster/model';
import {
  type Directory,
  type KnownService,
  listPlaceNames,
  listTaskNames,
  placeOfCreated,
} from '../queries/directory.ts';
import {
  describeNetworkBriefly,
  describeNodeBriefly,
  describeNodeChange,
  describeNodeSpec,
  describeSpecBriefly,
  describeSpecChange,
  portText,
} from './spec-words.ts';

export interface Narration {
  /** An actor, a reducer or a node. */
  readonly who: string;
  readonly what: string;
  readonly why?: string;
  /** The sequence of what it answers. */
  readonly cause?: number;
}

/** Tasks that are of interest: the others are left out of the sentence. All of them when left out. */
export type TaskFocus = (taskId: string) => boolean;

const everyTask: TaskFocus = () => true;

/** The directory knows what came before the fact, or the fact as well. */
export function narrate(fact: Fact, directory: Directory, focus: TaskFocus = everyTask): Narration {
  switch (fact.is) {
    case 'intent':
      return { who: fact.actor === '' ? 'somebody' : fact.actor, what: describeIntent(fact, directory) };
    case 'poison':
      return { who: writerOf(fact.subject), what: `wrote a record that is no event: ${fact.reason}` };
    case 'unknown':
      return { who: writerOf(fact.subject), what: `wrote an event of a newer version: ${fact.reason}` };
    case 'event':
      return narrateEvent(fact, directory, focus);
  }
}

function writerOf(subject: string): string {
  return subject.split('.')[2] ?? subject;
}

function describeIntent(intent: IntentFact, directory: Directory): string {
  const { kind, verb, body, error } = intent;
  if (error !== undefined) return `sent an intent that can't be read (${kind}.${verb}): ${error}`;
  const subject = nameOfIntent(intent) ?? 'without a name';
  if (kind === 'node') return `asked to ${verb} node ${subject}${describeNodeChange(body)}`;
  if (kind === 'network') return `asked to ${verb} network ${nameAskedNetwork(intent, directory)}`;
  if (kind !== 'service') return `asked to ${verb} ${kind} ${subject}`;
  switch (verb) {
    case 'create':
    case 'apply':
      return `asked to ${verb} service ${subject}${describeSpecBriefly(body)}`;
    case 'update': {
      const spec = typeof body === 'object' && body !== null && 'spec' in body ? body.spec : body;
      return `asked to update service ${subject}${describeSpecBriefly(spec)}`;
    }
    case 'scale':
      return `asked to scale service ${subject} to ${JSON.stringify((body as { replicas?: unknown } | null)?.replicas)}`;
    default:
      return `asked to ${verb === 'rollback' ? 'roll back' : verb} service ${subject}`;
  }
}

/** It may be asked for by its id. */
function nameAskedNetwork(intent: IntentFact, directory: Directory): string {
  const { name } = intent;
  if (name !== undefined && directory.networks.has(name)) return directory.nameNetwork(name);
  return nameOfIntent(intent) ?? 'without a name';
}

/** What an intent is about, as `Directory.nameService` would say it: in its subject or in its body. */
export function nameOfIntent({ team, name: inSubject, body }: IntentFact): string | undefined {
  const name = inSubject ?? nameIn(body);
  return name === undefined ? undefined : nameWithTeam({ team, name });
}

export function nameIn(body: unknown): string | undefined {
  const name = (body as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' ? name : undefined;
}

type Tell<Event extends MusterEvent> = (
  event: Event,
  directory: Directory,
  focus: TaskFocus,
) => { readonly what: string; readonly why?: string };

const tellers: { readonly [Type in MusterEvent['type']]: Tell<EventOf<Type>> } = {
  'cluster.created': ({ clusterId, name }) => ({ what: `this is the log of cluster ${name} (${clusterId})` }),
  'cluster.records_lost': ({ after, to, intents, omitted = 0 }) => ({
    what: `found that the log has lost what it held ${after === 0 ? '' : `after #${after}, `}up to #${to}, with ${intents.length + omitted} intents`,
    ...(intents.length > 0 && { why: nameLost(intents) }),
  }),
  'cluster.commands_ahead': ({ basis }) => ({
    what: `found commands that follow from #${basis}, which the log does not have: it has lost its end`,
  }),
  'cluster.version_raised': ({ version }) => ({
    what: `every live copy reads version ${version}: it may be written`,
  }),
  'service.created': ({ spec, team = DEFAULT_TEAM, cause }) => ({
    what: `accepted #${cause}: service ${nameWithTeam({ team, name: spec.name })} is created${describeSpecBriefly(spec)}`,
  }),
  'service.updated': ({ serviceId, spec, cause }, directory) => ({
    what: `accepted #${cause}: service ${directory.services.has(serviceId) ? directory.nameService(serviceId) : spec.name} is updated${describeSpecChange(directory.services.get(serviceId)?.spec, spec, namerOf(directory))}`,
  }),
  'service.rolled_back': ({ serviceId, actor, message, cause }, directory) => ({
    what: `${actor === undefined ? '' : `accepted #${cause}: `}service ${directory.nameService(serviceId)} goes back to its spec before${describeWayBack(directory.services.get(serviceId), directory)}`,
    why: message,
  }),
  'service.update_ended': ({ serviceId, state, message }, directory) => ({
    what: `the ${state.startsWith('rollback') ? 'rollback' : 'update'} of ${directory.nameService(serviceId)} is ${state.replace('rollback_', '')}`,
    ...(!state.endsWith('completed') && { why: message }),
  }),
  'service.removed': ({ serviceId, cause }, directory) => ({
    what: `accepted #${cause}: service ${directory.nameService(serviceId)} is removed, with its tasks`,
  }),
  'service.reconciled': tellReconciled,
  'service.allocated': ({ serviceId, ports, addresses = [] }, directory) => ({
    what: tellGiven(directory.nameService(serviceId), [
      ...(ports.length === 0 ? [] : [`its ports: ${ports.map(portText).join(', ')}`]),
      ...addresses.map(
        ({ networkId, address }) => `${address} on network ${directory.nameNetwork(networkId)}`,
      ),
    ]),
  }),
  'service.allocation_failed': ({ serviceId, message }, directory) => ({
    what: `could not give service ${directory.nameService(serviceId)} what it asked for`,
    why: message,
  }),
  'network.created': ({ spec, team = DEFAULT_TEAM, cause, actor }) => ({
    what: `${actor === undefined ? `on the way to #${cause}` : `accepted #${cause}`}: network ${nameWithTeam({ team, name: spec.name })} is created${describeNetworkBriefly(spec)}`,
  }),
  'network.removed': ({ networkId, cause }, directory) => ({
    what: `accepted #${cause}: network ${directory.nameNetwork(networkId)} is removed`,
  }),
  'network.allocated': ({ networkId, subnets }, directory) => ({
    what: `gave network ${directory.nameNetwork(networkId)} ${subnets.map(({ subnet }) => subnet).join(', ')}`,
  }),
  'network.allocation_failed': ({ networkId, message }, directory) => ({
    what: `could not give network ${directory.nameNetwork(networkId)} what it asked for`,
    why: message,
  }),
  'tasks.unschedulable': ({ serviceId, message }, directory) =>
    message === ''
      ? { what: `the tasks of ${directory.nameService(serviceId)} can be placed again` }
      : { what: `found no node for tasks of ${directory.nameService(serviceId)}`, why: message },
  'tasks.assigned': tellAssigned,
  'node.allocated': ({ nodeId, number, blocks, tasks }, directory, focus) => {
    const node = `node ${directory.nameNode(nodeId)}`;
    const addresses = listTaskAddresses(
      directory,
      tasks.filter(({ id }) => focus(id)),
    );
    const given = [
      ...(number === undefined ? [] : [`gave ${node} the number ${number} on networks`]),
      ...(tasks.length === 0 ? [] : [`gave ${addresses} on ${node}${describeBlocks(directory, blocks)}`]),
    ];
    return { what: given.join('; ') || `gave ${node} nothing` };
  },
  'node.allocation_failed': ({ nodeId, tasks, message }, directory, focus) => ({
    what: `could not give ${listTaskNames(directory, tasks.filter(focus))} addresses on node ${directory.nameNode(nodeId)}`,
    ...(message !== '' && { why: message }),
  }),
  'node.updated': ({ nodeId, spec, cause }, directory) => ({
    what: `accepted #${cause}: node ${directory.nameNode(nodeId)} is to be ${describeNodeSpec(spec)}`,
  }),
  'node.removed': ({ nodeId, cause }, directory) => ({
    what: `accepted #${cause}: node ${directory.nameNode(nodeId)} is removed`,
  }),
  'node.status_changed': ({ nodeId, status, message }, directory) => ({
    what: `node ${directory.nameNode(nodeId)} is ${status}`,
    ...(message !== '' && { why: message }),
  }),
  'tasks.orphaned': ({ nodeId, tasks }, directory, focus) => ({
    what: `took ${listTaskNames(directory, tasks.filter(focus))} for lost with node ${directory.nameNode(nodeId)}`,
  }),
  'tasks.undelivered': ({ nodeId, tasks, reason }, directory, focus) => ({
    what: `could not tell node ${directory.nameNode(nodeId)} of ${listTaskNames(directory, tasks.filter(focus))}`,
    why: reason,
  }),
  'node.joined': ({ description }) => ({ what: `joined: ${describeNodeBriefly(description)}` }),
  'tasks.reported': tellReported,
  'intent.rejected': ({ intent, message, field }) => ({
    what: `rejected #${intent}${field === undefined ? '' : ` (${field})`}`,
    why: message,
  }),
  'intent.satisfied': ({ intent, message }) => ({ what: `accepted #${intent}: nothing to do`, why: message }),
  'event.quarantined': ({ record, reason }) => ({ what: `put record #${record} aside`, why: reason }),
  'record.voided': ({ record, subject, reason }) => ({
    what: `declared record #${record} on ${subject} void: all is folded without it`,
    why: reason,
  }),
};

function namerOf(directory: Directory): (networkId: string) => string {
  return (id) => (directory.networks.has(id) ? directory.nameNetwork(id) : id);
}

function tellGiven(service: string, given: readonly string[]): string {
  if (given.length === 0) return `service ${service} needs no ports: its tasks can be placed`;
  return `gave service ${service} ${given.join(', ')}`;
}

/** A few with their addresses; more by name alone. */
function listTaskAddresses(directory: Directory, tasks: EventOf<'node.allocated'>['tasks']): string {
  if (tasks.length > MOST_NAMED)
    return `${listTaskNames(
      directory,
      tasks.map(({ id }) => id),
    )} addresses`;
  return tasks
    .map(
      ({ id, addresses }) =>
        `${directory.nameTask(id)} ${addresses.map(({ address }) => address).join(', ')}`,
    )
    .join('; ');
}

function describeBlocks(directory: Directory, blocks: EventOf<'node.allocated'>['blocks']): string {
  if (blocks.length === 0) return '';
  const named = blocks.map(
    ({ networkId, block }) => `${block} of network ${directory.nameNetwork(networkId)}`,
  );
  return `, which takes ${named.join(', ')}`;
}

function describeWayBack(service: KnownService | undefined, directory: Directory): string {
  if (!service?.previousSpec) return '';
  return describeSpecChange(service.spec, service.previousSpec, namerOf(directory));
}

/** Named in one sentence, at most. */
const MOST_NAMED = 10;

function nameLost(intents: readonly { readonly seq: number; readonly subject: string }[]): string {
  const named = intents.slice(0, MOST_NAMED).map(({ seq, subject }) => `#${seq} ${subject}`);
  return [...named, ...(intents.length > MOST_NAMED ? [`${intents.length - MOST_NAMED} more`] : [])].join(
    ', ',
  );
}

function narrateEvent(fact: EventFact, directory: Directory, focus: TaskFocus): Narration {
  const { event } = fact;
  const tell = tellers[event.type] as Tell<MusterEvent>;
  // A node that joins says its name itself.
  const node =
    event.type === 'node.joined' ? event.description.hostname : directory.nameNode(fact.address.id);
  const who = whoWrote(fact, node);
  const { what, why } = tell(event, directory, focus);
  return { who, what, ...(why && { why }), ...(event.cause > 0 && { cause: event.cause }) };
}

function whoWrote({ event, address }: EventFact, node: string): string {
  if (event.writer === 'agent') return node;
  return event.writer === 'operator' ? address.id : event.writer;
}

function tellReconciled(event: EventOf<'service.reconciled'>, directory: Directory, focus: TaskFocus) {
  const service = directory.nameService(event.serviceId);
  const known = (ids: readonly string[]) => listTaskNames(directory, ids);
  const parts: string[] = [];
  const created = event.created.filter(({ id }) => focus(id));
  // A new task's name comes from the event itself: the directory may not have seen it yet.
  if (created.length > 0) {
    const names = listPlaceNames(service, created.map(placeOfCreated));
    const [only] = created;
    const place =
      created.length === 1 && only?.replaces !== undefined
        ? ` in place of task ${only.replaces.slice(0, 12)}`
        : '';
    parts.push(`created ${names}${place}`);
  }
  for (const [state, ids] of groupBy(
    event.desired.filter(({ id }) => focus(id)),
    (desired) => desired.state,
  )) {
    parts.push(`wants ${known(ids.map(({ id }) => id))} ${wanted[state]}`);
  }
  const reaped = event.reaped.filter(focus);
  if (reaped.length > 0) parts.push(`forgot ${known(reaped)}`);
  const why = event.why.filter(aboutOneOf(event, directory, focus)).join('; ');
  return {
    what: parts.length > 0 ? parts.join('; ') : `looked at service ${service}`,
    ...(why !== '' && { why }),
  };
}

/** Reasons that name a place are told only when that place is of interest: "web.3 ended: …". */
function aboutOneOf(
  { serviceId, created, desired, reaped }: EventOf<'service.reconciled'>,
  directory: Directory,
  focus: TaskFocus,
): (reason: string) => boolean {
  if (focus === everyTask) return () => true;
  // They are in the orchestrator's words, which has no need of teams.
  const service = directory.services.get(serviceId)?.name ?? '';
  const names = new Set<string>();
  for (const task of created) if (focus(task.id)) names.add(`${service}.${placeOfCreated(task)}`);
  for (const id of [...desired.map((task) => task.id), ...reaped])
    if (focus(id)) names.add(`${service}.${directory.tasks.get(id)?.place}`);
  return (reason) => {
    const named = reason.startsWith(`${service}.`) ? /^\S+(?= )/.exec(reason)?.[0] : undefined;
    return named === undefined || names.has(named);
  };
}

const wanted = {
  ready: 'prepared',
  running: 'running',
  complete: 'completed',
  shutdown: 'shut down',
  remove: 'removed',
};

function tellAssigned(
  { nodeId, tasks, why }: EventOf<'tasks.assigned'>,
  directory: Directory,
  focus: TaskFocus,
) {
  const chosen = tasks.filter(focus);
  const known = chosen.map((id) => directory.tasks.get(id));
  const services = new Set(known.map((task) => task?.serviceId));
  /** As a global service has: no other node was a choice. */
  const hasPlaceOn = (node: string, service: string) =>
    known.some((task) => task?.serviceId === service && task.place === node);
  const reasons = why
    .filter(({ serviceId }) => services.has(serviceId))
    .map(({ serviceId, considered, refused, serviceTasks, totalTasks }) => {
      if (hasPlaceOn(nodeId, serviceId)) return `${directory.nameService(serviceId)} is to run on it`;
      const no = refused.map(({ filter, nodes }) => `${filter} refused ${nodes}`).join(', ');
      const suitable = `${considered} ${considered === 1 ? 'node' : 'nodes'} considered${no === '' ? '' : ` (${no})`}`;
      return `${suitable}; this one had the fewest: ${serviceTasks} of ${directory.nameService(serviceId)} and ${totalTasks} in all`;
    });
  return {
    what: `gave ${listTaskNames(directory, chosen)} to node ${directory.nameNode(nodeId)}`,
    ...(reasons.length > 0 && { why: reasons.join('; ') }),
  };
}

function tellReported({ statuses, gone }: EventOf<'tasks.reported'>, directory: Directory, focus: TaskFocus) {
  const groups = groupBy(
    statuses.filter(({ id }) => focus(id)),
    ({ state, err }) => (err ? `${state}: ${err}` : state),
  );
  const parts = groups.map(
    ([state, of]) =>
      `${listTaskNames(
        directory,
        of.map(({ id }) => id),
      )} ${state}`,
  );
  const cleared = gone.filter(focus);
  if (cleared.length > 0) parts.push(`nothing is left of ${listTaskNames(directory, cleared)}`);
  return { what: parts.length > 0 ? parts.join('; ') : 'has nothing new' };
}

function groupBy<T, Key>(items: readonly T[], keyOf: (item: T) => Key): [Key, T[]][] {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups];
}
