// What `audit` is to be about: a service (every one that had the name), a slot, or a task. Found among everything that
// ever was: by what is, by the intents for a name, by an id's own subject; only the beginning of an id that is gone has to
// be looked for in all services' events.
import { decode, eventSubject } from '@muster/events';
import {
  DEFAULT_TEAM,
  idPattern,
  type Refusal,
  readNameWithTeam,
  refuse,
  type TeamName,
} from '@muster/model';
import type { ClusterState } from '@muster/state';
import { placeOfCreated } from '../queries/directory.ts';
import { readTaskName } from '../queries/find.ts';
import type { FactReader } from '../replay/fact-reader.ts';
import { readByName, readService } from './audit-names.ts';

export interface AuditTarget extends TeamName {
  readonly serviceIds: ReadonlySet<string>;
  /** What else answers intents for the name. */
  readonly astray: ReadonlySet<number>;
  /** Only these tasks; all of the services' when undefined. */
  readonly taskIds: ReadonlySet<string> | undefined;
  /** Where the story begins. */
  readonly firstSeq: number;
}

/**
 * `about` is an id, or a name in the team. The reader has read what was said of the services when this resolves, and of
 * their nodes nothing.
 */
export async function findTarget(
  reader: FactReader,
  state: ClusterState,
  about: string,
  team: string,
): Promise<AuditTarget | Refusal> {
  const asked = readNameWithTeam(about, team);
  const named = await readByName(reader, state, asked);
  if (named.serviceIds.size > 0) return { ...asked, ...named, taskIds: undefined, firstSeq: 1 };
  const byId = await findById(reader, state, about);
  if (byId) return byId;
  const slot = await findSlot(reader, state, about, team);
  if (slot) return slot;
  const alike = spellAsIs(state, asked);
  if (alike)
    return { ...alike, ...(await readByName(reader, state, alike)), taskIds: undefined, firstSeq: 1 };
  // Somebody asked for it, and was refused.
  if (named.intents > 0) return { ...asked, ...named, taskIds: undefined, firstSeq: 1 };
  const ids = /^[0-9a-z]{1,25}$/.test(about) ? await findPrefix(reader, state, about) : [];
  const [id] = ids;
  if (ids.length > 1) return refuse('conflict', `${about} is ambiguous (${ids.length} matches found)`);
  return (id && (await aboutId(reader, state, id))) ?? missing(about);
}

export function missing(about: string): Refusal {
  return refuse('not-found', `no such service, task, node or network: ${about}`);
}

async function findById(
  reader: FactReader,
  state: ClusterState,
  about: string,
): Promise<AuditTarget | undefined> {
  if (!idPattern.test(about) && !state.services.has(about) && !state.tasks.has(about)) return undefined;
  const task = state.tasks.get(about);
  return aboutId(reader, state, task ? { serviceId: task.service.id, taskId: about } : { serviceId: about });
}

/** `service.slot`, or `service.slot.id`; in a global service a node's id stands for the slot. */
async function findSlot(
  reader: FactReader,
  state: ClusterState,
  about: string,
  team: string,
): Promise<AuditTarget | undefined> {
  const named = readTaskName(about);
  if (!named) return undefined;
  const { serviceName, place, id: idPrefix = '' } = named;
  const typed = readNameWithTeam(serviceName, team);
  const asked = spellAsIs(state, typed) ?? typed;
  const { serviceIds, astray } = await readByName(reader, state, asked);
  const created = reader.facts.flatMap((fact) =>
    fact.is === 'event' && fact.event.type === 'service.reconciled' && serviceIds.has(fact.event.serviceId)
      ? fact.event.created
      : [],
  );
  const ids = created
    .filter((task) => placeOfCreated(task) === place && task.id.startsWith(idPrefix))
    .map(({ id }) => id);
  if (ids.length === 0) return undefined;
  return { ...asked, serviceIds, astray, taskIds: new Set(ids), firstSeq: 1 };
}

/** Of the one service that is meant by a name that differs by case alone. */
function spellAsIs(state: ClusterState, { team, name }: TeamName): TeamName | undefined {
  const [service, ...others] = state.serviceByName.meant(team, name);
  return service && others.length === 0 ? { team, name: service.spec.name } : undefined;
}

interface FoundId {
  readonly serviceId: string;
  readonly taskId?: string;
}

async function aboutId(
  reader: FactReader,
  state: ClusterState,
  { serviceId, taskId }: FoundId,
): Promise<AuditTarget | undefined> {
  const service = await aboutService(reader, state, serviceId);
  return service && { ...service, taskIds: taskId === undefined ? undefined : new Set([taskId]) };
}

async function aboutService(
  reader: FactReader,
  state: ClusterState,
  id: string,
): Promise<AuditTarget | undefined> {
  const facts = await readService(reader, id, 1);
  for (const fact of facts) {
    if (fact.is !== 'event' || fact.event.type !== 'service.created') continue;
    const { spec, team = DEFAULT_TEAM, cause } = fact.event;
    const named = { team, name: spec.name };
    await readByName(reader, state, named, cause);
    return { ...named, serviceIds: new Set([id]), astray: new Set(), taskIds: undefined, firstSeq: cause };
  }
  return undefined;
}

/** Among what is; else among everything that ever was, which is a long way. */
async function findPrefix(reader: FactReader, state: ClusterState, prefix: string): Promise<FoundId[]> {
  const found: FoundId[] = [];
  for (const serviceId of state.services.keys()) if (serviceId.startsWith(prefix)) found.push({ serviceId });
  for (const taskId of state.tasks.keys())
    if (taskId.startsWith(prefix)) found.push({ serviceId: state.tasks.get(taskId)!.service.id, taskId });
  return found.length > 0 ? found : searchPrefix(reader, prefix);
}

async function searchPrefix(reader: FactReader, prefix: string): Promise<FoundId[]> {
  const found = new Map<string, FoundId>();
  const quoted = Buffer.from(`"${prefix}`);
  for await (const record of reader.records(1, [eventSubject('orchestrator', 'service', '*')])) {
    const { buffer, byteOffset, length } = record.data;
    if (!Buffer.from(buffer, byteOffset, length).includes(quoted)) continue;
    const fact = decode(record);
    if (fact.is !== 'event' || !('serviceId' in fact.event)) continue;
    const { event } = fact;
    const { serviceId } = event;
    if (serviceId.startsWith(prefix)) found.set(serviceId, { serviceId });
    if (event.type !== 'service.reconciled') continue;
    for (const { id } of event.created) if (id.startsWith(prefix)) found.set(id, { serviceId, taskId: id });
  }
  return [...found.values()];
}
