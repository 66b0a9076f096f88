// Subjects: what each one means, how it is made and how it is read. One subject has one writing role. Those of intents are
// in intent-subject.ts.

/** The roles that decide: they have read the log, and what they write is taken at its word. */
export const reducers = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
/** Whoever writes events. The operator is a person with a program that folds nothing. */
export const writers = [...reducers, 'agent', 'operator'] as const;
export type Writer = (typeof writers)[number];

export function isReducer(writer: string): boolean {
  return (reducers as readonly string[]).includes(writer);
}

/** What events are about; the token after the writer. */
export const eventKinds = ['cluster', 'service', 'node', 'network', 'intent', 'quarantine', 'void'] as const;
export type EventKind = (typeof eventKinds)[number];

export const INTENT_SUBJECTS = 'muster.intent.>';
export const EVENT_SUBJECTS = 'muster.event.>';
/** Each person's own: who may publish on it may void records. */
export const VOID_SUBJECTS = 'muster.event.operator.void.*';
export const COMMAND_SUBJECTS = 'muster.command.*.*';
/** On which each stored command is repeated, for those who are there to hear it. */
export const TOLD_SUBJECTS = 'muster.told.*.*';
export const ENDPOINT_SUBJECTS = 'muster.endpoints.>';

/**
 * A server ends the connection of whoever sends a longer line of the protocol than 4,096 bytes, and on a line there may also
 * be what to answer on, and a stream's name.
 */
export const MAX_SUBJECT_BYTES = 3_000;

const MAX_NAME_LENGTH = 255;

/** Whether anything was ever said of it on a subject of its own: as a pattern, what can't matches something else. */
export function canStandInSubject(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && /^[^\s\p{Cc}.*>]+(\.[^\s\p{Cc}.*>]+)*$/u.test(name);
}

export function eventSubject(writer: Writer, kind: EventKind, id: string | number): string {
  return `muster.event.${writer}.${kind}.${id}`;
}

export function commandSubject(nodeId: string, taskId: string): string {
  return `muster.command.${nodeId}.${taskId}`;
}

export function toldSubject(nodeId: string, taskId: string): string {
  return `muster.told.${nodeId}.${taskId}`;
}

/** Of a network, and of a service on it: what every node needs to know. */
export interface EndpointsOf {
  readonly networkId: string;
  readonly serviceId?: string | undefined;
}

export function endpointsSubject({ networkId, serviceId }: EndpointsOf): string {
  return serviceId === undefined
    ? `muster.endpoints.network.${networkId}`
    : `muster.endpoints.service.${networkId}.${serviceId}`;
}

/** Undefined for what nobody of ours writes. */
export function parseEndpointsSubject(subject: string): EndpointsOf | undefined {
  const [root, endpoints, kind, networkId, serviceId, ...rest] = subject.split('.');
  if (root !== 'muster' || endpoints !== 'endpoints' || !networkId || rest.length > 0) return undefined;
  if (kind === 'network' && serviceId === undefined) return { networkId };
  if (kind === 'service' && serviceId) return { networkId, serviceId };
  return undefined;
}

/** Where an agent says how far its node follows the endpoints. */
export function followsSubject(nodeId: string): string {
  return `muster.follows.${nodeId}`;
}

export function heartbeatSubject(nodeId: string): string {
  return `muster.heartbeat.${nodeId}`;
}

/** Where an agent answers anybody who wants to know whether it is there. */
export function pingSubject(nodeId: string): string {
  return `muster.ping.${nodeId}`;
}

export interface EventSubject {
  readonly writer: Writer;
  readonly kind: EventKind;
  readonly id: string;
}

/** Addresses read before: the same few thousand subjects come again and again. */
const known = new Map<string, EventSubject>();
const KNOWN_LIMIT = 10_000;

export function parseEventSubject(subject: string): EventSubject | undefined {
  let address = known.get(subject);
  if (address) return address;
  address = readEventSubject(subject);
  if (!address) return undefined;
  if (known.size >= KNOWN_LIMIT) known.clear();
  known.set(subject, address);
  return address;
}

function readEventSubject(subject: string): EventSubject | undefined {
  const [root, event, writer, kind, id, ...rest] = subject.split('.');
  if (root !== 'muster' || event !== 'event' || !id || rest.length > 0) return undefined;
  if (!writers.includes(writer as Writer) || !eventKinds.includes(kind as EventKind)) return undefined;
  return { writer: writer as Writer, kind: kind as EventKind, id };
}
