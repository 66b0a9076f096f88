// Placement as it is defined, without an index: for every task all nodes are compared anew. Tests hold the scheduler to it.
import { compilePreference, fitBackends, nodeSatisfies, parseConstraint } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import type { Group } from './placing/group.ts';

export interface Gift {
  readonly nodeId: string;
  readonly taskId: string;
  readonly serviceTasks: number;
  readonly totalTasks: number;
}

interface Given {
  readonly group: Group;
}

/** `nodes` in the order of their ranks. What is given is added to `given`, which later groups of the round see. */
export function placeNaively(
  nodes: readonly ClusterNode[],
  group: Group,
  faulty: ReadonlyMap<string, number>,
  given: Map<string, Given[]>,
): Gift[] {
  const { service, version } = group;
  const { placement, resources } = version.spec;
  const gifts: Gift[] = [];
  const givenTo = (node: ClusterNode): readonly Given[] => given.get(node.id) ?? [];

  const serviceTasks = (node: ClusterNode) =>
    (node.activeByService.get(service.id) ?? 0) +
    givenTo(node).filter((one) => one.group.service.id === service.id).length;
  const totalTasks = (node: ClusterNode) => node.activeTasks + givenTo(node).length;

  function meetsConstraints(node: ClusterNode): boolean {
    const constraints = placement.constraints.map(parseConstraint);
    return constraints.every((constraint) => !('error' in constraint) && nodeSatisfies(node, constraint));
  }

  /** Networks of the cluster are of one driver, and a node's own are called as their drivers are, but for none. */
  function hasDrivers({ description: { networks = [] } }: ClusterNode): boolean {
    const names = (version.spec.networks ?? []).map(({ target }) => target);
    const drivers = names.map(
      (name) => ({ none: 'null', host: 'host', bridge: 'bridge' })[name] ?? 'overlay',
    );
    if (version.ingress !== undefined) drivers.push('overlay');
    return drivers.every((driver) => networks.includes(driver));
  }

  function hasRoom(node: ClusterNode): boolean {
    for (const kind of ['nanoCpus', 'memoryBytes'] as const) {
      const promised = givenTo(node).reduce(
        (sum, one) => sum + one.group.version.spec.resources.reservations[kind],
        0,
      );
      const free = node.description.resources[kind] - node.reserved[kind] - promised;
      if (resources.reservations[kind] > 0 && resources.reservations[kind] > free) return false;
    }
    const held = new Set([...node.hostPorts.keys(), ...givenTo(node).flatMap((one) => one.group.hostPorts)]);
    if (group.hostPorts.some((key) => held.has(key)) || !hasDrivers(node)) return false;
    return placement.maxReplicas === 0 || serviceTasks(node) < placement.maxReplicas;
  }

  const backendOf = (node: ClusterNode) => node.description.engine.backend;
  const backends = fitBackends(version.spec.containerSpec.image, new Set(nodes.map(backendOf)));
  const fit = new Set(
    nodes.filter(
      (node) =>
        node.status === 'ready' &&
        node.spec.availability === 'active' &&
        backends.has(backendOf(node)) &&
        meetsConstraints(node),
    ),
  );
  const isFit = (node: ClusterNode) => fit.has(node);
  const isOver = () => gifts.length === group.tasks.length;
  const before = new Map(
    nodes.map((node) => [node, { total: totalTasks(node), service: serviceTasks(node) }]),
  );

  function placeOn(some: readonly ClusterNode[], most: number): number {
    let placed = 0;
    while (placed < most && !isOver()) {
      const order = (node: ClusterNode) => [
        faulty.get(node.id) ?? 0,
        serviceTasks(node),
        totalTasks(node),
        nodes.indexOf(node),
      ];
      const [best] = sortBy(
        some.filter((node) => isFit(node) && hasRoom(node)),
        order,
      );
      if (!best) break;
      const taskId = group.tasks[gifts.length]!.id;
      gifts.push({ nodeId: best.id, taskId, serviceTasks: serviceTasks(best), totalTasks: totalTasks(best) });
      given.set(best.id, [...givenTo(best), { group }]);
      placed += 1;
    }
    return placed;
  }

  /** SwarmKit's scheduleNTasksOnSubtree. */
  function shareOut(some: readonly ClusterNode[], reads: readonly Read[], most: number): number {
    const [read, ...others] = reads;
    if (!read) return placeOn(some, most);
    const branches = branch(some, read);
    const tasksIn = (members: readonly ClusterNode[]) =>
      members.reduce((sum, node) => sum + before.get(node)!.service, 0);
    const full = new Set<unknown>();
    let [placed, inOpen] = [0, tasksIn(some)];
    while (placed < most && full.size < branches.length && !isOver()) {
      const open = branches.length - full.size;
      const even = Math.floor((inOpen + most - placed) / open);
      let rest = (inOpen + most - placed) % open;
      for (const members of branches) {
        const tasks = tasksIn(members);
        if (isOver() || full.has(members) || tasks > even || (tasks === even && rest === 0)) continue;
        const share = even - tasks + (rest > 0 ? 1 : 0);
        const got = shareOut(members, others, share);
        placed += got;
        if (got < share) {
          full.add(members);
          inOpen -= tasks;
        } else if (rest > 0) rest -= 1;
      }
    }
    return placed;
  }

  /** By value; first the branch whose first fit node had the fewest tasks, last those that have none. */
  function branch(some: readonly ClusterNode[], read: Read): ClusterNode[][] {
    const byValue = new Map<string, ClusterNode[]>();
    for (const node of some) byValue.set(read(node), [...(byValue.get(read(node)) ?? []), node]);
    const firstOf = (members: readonly ClusterNode[]) =>
      sortBy(members.filter(isFit), (node) => [before.get(node)!.total, nodes.indexOf(node)])[0];
    return sortBy([...byValue.values()], (members) => {
      const first = firstOf(members);
      return first ? [0, before.get(first)!.total, nodes.indexOf(first)] : [1, 0, nodes.indexOf(members[0]!)];
    });
  }

  /** Those that belong to a node: there or nowhere. */
  function placeOnOwn(): void {
    for (const task of group.tasks) {
      const node = nodes.find(({ id }) => id === task.slot.node?.id);
      if (!node || !isFit(node) || !hasRoom(node)) continue;
      const counts = { serviceTasks: serviceTasks(node), totalTasks: totalTasks(node) };
      gifts.push({ nodeId: node.id, taskId: task.id, ...counts });
      given.set(node.id, [...givenTo(node), { group }]);
    }
  }

  if (service.spec.mode.global) {
    placeOnOwn();
    return gifts;
  }
  const reads = (placement.preferences ?? []).map((preference) => compilePreference(preference)!);
  if (nodes.length > 0) shareOut(nodes, reads, group.tasks.length);
  return gifts;
}

type Read = (node: ClusterNode) => string;

function sortBy<T>(items: readonly T[], keysOf: (item: T) => readonly number[]): T[] {
  const keyed = items.map((item) => ({ item, keys: keysOf(item) }));
  keyed.sort((a, b) => a.keys.map((key, place) => key - b.keys[place]!).find((order) => order !== 0) ?? 0);
  return keyed.map(({ item }) => item);
}
