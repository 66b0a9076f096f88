// What can be answered from one folded state, without reading anything. Pure.
import { DEFAULT_TEAM, type Refusal, refuse } from '@muster/model';
import type { ClusterState, Network, Service, Task, TaskMap } from '@muster/state';
import type { z } from 'zod';
import { detailNode, detailService, detailTask, viewNode, viewService, viewTask } from './describe.ts';
import { detailNetwork, viewNetworks } from './describe-network.ts';
import { type Found, findNetwork, findNode, findService, findTask } from './find.ts';
import { findWay } from './find-way.ts';
import { pageByKey, sortable, sortByKey } from './paging.ts';
import { measureProgress } from './progress.ts';
import type { QueryAnswer, QueryName, queries } from './queries.ts';
import { summariseState } from './status.ts';

/** Questions about the present; the others need the log. */
export type StateQueryName = Exclude<QueryName, 'audit' | 'state.rows' | 'state.hash'>;

export type Answer<Name extends QueryName = QueryName> =
  | { readonly ok: true; readonly answer: QueryAnswer<Name>; readonly next?: string | undefined }
  | { readonly ok: false; readonly refusal: Refusal };

type Parsed<Name extends QueryName> = z.output<(typeof queries)[Name]['request']>;

const answers: {
  readonly [Name in StateQueryName]: (
    state: ClusterState,
    request: Parsed<Name>,
    pageBytes: number | undefined,
  ) => Answer<Name>;
} = {
  'service.list': (state, request, pageBytes) =>
    list(pageByKey(sortByKey(servicesOf(state, request), namedKey), request, viewService, pageBytes)),
  'service.inspect': (state, { service, team }) =>
    one(findService(state, service, team), (found) => detailService(found, state)),
  'service.tasks': (state, request, pageBytes) =>
    listTasks(findService(state, request.service, request.team), request, (task) => slotKey(task), pageBytes),
  'service.progress': (state, { service, team, slots }) =>
    one(findService(state, service, team), (found) => measureProgress(found, slots)),
  'node.list': (state, request, pageBytes) =>
    list(
      pageByKey(
        sortByKey(state.nodes.values(), (node) => `${node.description.hostname} ${node.id}`),
        request,
        viewNode,
        pageBytes,
      ),
    ),
  'network.list': (state, request, pageBytes) => {
    const view = viewNetworks(state);
    const networks = sortByKey(networksOf(state, request), namedKey);
    return list(pageByKey(networks, request, view, pageBytes));
  },
  'network.inspect': (state, { network, team }) =>
    one(findNetwork(state, network, team), (found) => detailNetwork(state, found)),
  'network.way': (state, request) => one(findWay(state, request), (way) => way),
  'node.inspect': (state, { node }) => one(findNode(state, node), detailNode),
  'node.tasks': (state, request, pageBytes) =>
    listTasks(
      findNode(state, request.node),
      request,
      (task) => `${namedKey(task.service)} ${task.service.id} ${slotKey(task)}`,
      pageBytes,
    ),
  'task.inspect': (state, { task, team }) =>
    one(findTask(state, task, team), (found) => detailTask(found, state)),
  status: (state) => ({ ok: true, answer: summariseState(state) }),
};

/** `request` has been parsed by the query's schema; `pageBytes` is what a page of a list may hold. */
export function answerQuery<Name extends StateQueryName>(
  state: ClusterState,
  name: Name,
  request: Parsed<Name>,
  pageBytes?: number,
): Answer<Name> {
  return answers[name](state, request, pageBytes);
}

export function refused(...reason: Parameters<typeof refuse>): {
  readonly ok: false;
  readonly refusal: Refusal;
} {
  return { ok: false, refusal: refuse(...reason) };
}

function one<T, V>(result: Found<T>, view: (found: T) => V) {
  return result.ok ? ({ ok: true, answer: view(result.found) } as const) : result;
}

function list<V>({ items, next }: { readonly items: V[]; readonly next: string | undefined }) {
  return { ok: true, answer: items, next } as const;
}

function listTasks(
  owner: Found<{ readonly tasks: TaskMap }>,
  request: Parsed<'service.tasks'> | Parsed<'node.tasks'>,
  keyOf: (task: Task) => string,
  pageBytes: number | undefined,
) {
  if (!owner.ok) return owner;
  return list(pageByKey(sortByKey(owner.found.tasks.values(), keyOf), request, viewTask, pageBytes));
}

function servicesOf(
  { serviceByName }: ClusterState,
  { team = DEFAULT_TEAM, allTeams = false }: Parsed<'service.list'>,
): Iterable<Service> {
  if (allTeams) return serviceByName.values();
  return [...serviceByName.values()].filter((service) => service.team === team);
}

function networksOf(
  { networkByName }: ClusterState,
  { team = DEFAULT_TEAM, allTeams = false }: Parsed<'network.list'>,
): Iterable<Network> {
  if (allTeams) return networkByName.values();
  return [...networkByName.values()].filter((network) => network.team === team);
}

/** The default team first. */
function namedKey({ team, spec }: Service | Network): string {
  return `${team} ${spec.name}`;
}

/** By slot; the newest task of a slot first. */
function slotKey({ slot, generation }: Task): string {
  return `${sortable(slot.number)} ${sortable(1e11 - generation)}`;
}
