// What a user means by a name or by the beginning of an id, as Docker resolves it: a whole id, then a name, then the
// one id that begins so. Names are told apart without regard to case; of those that differ by it alone, which only an old
// log holds, the one that was written. They are those of one team, unless one says another ("payments/web"); ids are everybody's.
import { DEFAULT_TEAM, type Refusal, readNameWithTeam, refuse } from '@muster/model';
import {
  type ClusterNode,
  type ClusterState,
  isGlobal,
  type Network,
  placeOn,
  type Service,
  type Task,
} from '@muster/state';

export type Found<T> =
  | { readonly ok: true; readonly found: T }
  | { readonly ok: false; readonly refusal: Refusal };

export function findService(state: ClusterState, text: string, team: string = DEFAULT_TEAM): Found<Service> {
  const exact = state.services.get(text);
  if (exact) return found(exact);
  const named = findServicesByName(state, text, team);
  if (named.length > 1) return ambiguous('service', text, named.length);
  return named[0] ? found(named[0]) : findByPrefix('service', text, state.services);
}

export function findNetwork(
  state: ClusterState,
  text: string,
  inTeam: string = DEFAULT_TEAM,
): Found<Network> {
  const exact = state.networks.get(text);
  if (exact) return found(exact);
  const { team, name } = readNameWithTeam(text, inTeam);
  const named = state.networkByName.meant(team, name);
  if (named.length > 1) return ambiguous('network', text, named.length);
  return named[0] ? found(named[0]) : findByPrefix('network', text, state.networks);
}

export function findNode(state: ClusterState, text: string): Found<ClusterNode> {
  const exact = state.nodes.get(text);
  if (exact) return found(exact);
  const named = findNodesByName([...state.nodes.values()], text);
  if (named.length > 1) return ambiguous('node', text, named.length);
  return named[0] ? found(named[0]) : findByPrefix('node', text, state.nodes);
}

function findServicesByName(state: ClusterState, text: string, inTeam: string): readonly Service[] {
  const { team, name } = readNameWithTeam(text, inTeam);
  return state.serviceByName.meant(team, name);
}

/** Those that are called so, or else those whose name differs by case alone. */
function findNodesByName(nodes: readonly ClusterNode[], name: string): readonly ClusterNode[] {
  const exact = nodes.filter(({ description }) => description.hostname === name);
  if (exact.length > 0) return exact;
  const folded = name.toLowerCase();
  return nodes.filter(({ description }) => description.hostname.toLowerCase() === folded);
}

/**
 * A task is also known as `service.slot` (its newest) and as `service.slot.id`; in a global service a node's id stands for the
 * slot.
 */
export function findTask(state: ClusterState, text: string, team: string = DEFAULT_TEAM): Found<Task> {
  const exact = state.tasks.get(text);
  if (exact) return found(exact);
  const named = readTaskName(text);
  if (named) {
    const { serviceName, place, id } = named;
    const [service, ...others] = findServicesByName(state, serviceName, team);
    if (others.length > 0) return ambiguous('task', text, others.length + 1);
    const tasks = service ? listTasksIn(state, service, place) : [];
    const task = id === undefined ? tasks.at(-1) : tasks.find((candidate) => candidate.id.startsWith(id));
    return task ? found(task) : missing('task', text);
  }
  return findByPrefix('task', text, state.tasks);
}

/** Neither a service's name nor a node's id has a dot in it. */
export function readTaskName(text: string) {
  const [, serviceName, place, id] = /^([^.]+)\.([^.]+)(?:\.([0-9a-z]+))?$/.exec(text) ?? [];
  return serviceName === undefined || place === undefined ? undefined : { serviceName, place, id };
}

function listTasksIn(state: ClusterState, service: Service, place: string): readonly Task[] {
  if (!isGlobal(service)) return (/^\d+$/.test(place) && service.slots.get(Number(place))?.tasks) || [];
  const node = state.nodes.get(place);
  return (node && placeOn(service, node)?.tasks) ?? [];
}

interface ById<T> {
  keys(): Iterable<string>;
  get(id: string): T | undefined;
}

function findByPrefix<T>(kind: string, text: string, byId: ById<T>): Found<T> {
  if (text === '') return missing(kind, text);
  const matches: string[] = [];
  for (const id of byId.keys()) if (id.startsWith(text)) matches.push(id);
  const [first] = matches;
  if (first === undefined) return missing(kind, text);
  return matches.length > 1 ? ambiguous(kind, text, matches.length) : found(byId.get(first)!);
}

function found<T>(object: T): Found<T> {
  return { ok: true, found: object };
}

function missing<T>(kind: string, text: string): Found<T> {
  return { ok: false, refusal: refuse('not-found', `no such ${kind}: ${text}`) };
}

function ambiguous<T>(kind: string, text: string, count: number): Found<T> {
  return { ok: false, refusal: refuse('conflict', `${kind} ${text} is ambiguous (${count} matches found)`) };
}
