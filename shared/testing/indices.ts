// Everything in a state that is derived from the rest, as plain values: two states that have the same rows must have
// the same of it, or two copies of a reducer decide differently.
import { type ClusterState, keyName, type Network, type Service, type Slot, type Task } from '@muster/state';

export function describeIndices(state: ClusterState): Record<string, unknown> {
  const services = [...state.services.values()].map((service) => [service.id, describeService(service)]);
  const nodes = [...state.nodes.values(), ...state.removedNodes.values()].map((node) => [
    node.id,
    {
      removed: node.removed,
      reserved: node.reserved,
      activeTasks: node.activeTasks,
      activeByService: sortEntries(node.activeByService),
      hostPorts: sortEntries(node.hostPorts),
      tasks: [...node.tasks.keys()].sort(),
    },
  ]);
  return {
    services: Object.fromEntries(services),
    nodes: Object.fromEntries(nodes),
    names: sortEntries(
      new Map([...state.serviceByName.values()].map(({ id, team, spec }) => [keyName(team, spec.name), id])),
    ),
    networkNames: sortEntries(
      new Map([...state.networkByName.values()].map(({ id, team, spec }) => [keyName(team, spec.name), id])),
    ),
    networks: [...state.networks.values()].map(describeNetwork).sort(([a], [b]) => (a < b ? -1 : 1)),
    withoutAddresses: sortEntries(state.tables.networks.waiting).map(([id, tasks]) => [
      id,
      [...tasks].sort(),
    ]),
    tasks: [...state.tasks.keys()].sort(),
    tasksByState: [...state.tables.tasksByState].filter(([, count]) => count > 0).sort(([a], [b]) => a - b),
  };
}

function describeNetwork({ id, spaces }: Network): readonly [string, unknown] {
  const holders = spaces.map((space) => {
    const blocks = [...space.blocks()].map((block) => ({ ...block }));
    const places = blocks.flatMap(({ start, size }) =>
      Array.from({ length: size }, (_, index) => start + index),
    );
    const tasks = places.flatMap((place) => space.holderAt(place) ?? []);
    return { blocks, tasks, vips: [...space.vips()] };
  });
  return [id, holders];
}

function describeService(service: Service): Record<string, unknown> {
  const { occupiedSlots, highestSlot, runningTasks, failedTasks } = service;
  return {
    occupiedSlots,
    highestSlot,
    runningTasks,
    failedTasks,
    tasks: [...service.tasks.keys()].sort(),
    dead: idsOf(service.dead),
    waiting: idsOf(service.waiting),
    pending: idsOf(service.pending),
    reapable: idsOf(service.reapable),
    outdated: numbersOf(service.outdated),
    settling: numbersOf(service.settling),
    doubled: numbersOf(service.doubled),
    crowded: numbersOf(service.crowded),
    gaps: numbersOf(service.gaps),
    places: [...service.places].sort(([a], [b]) => a - b),
    uncovered: [...service.uncovered].map(({ id }) => id).sort(),
    resting: numbersOf(service.resting),
  };
}

const idsOf = (tasks: Iterable<Task>) => [...tasks].map(({ id }) => id).sort();
const numbersOf = (slots: Iterable<Slot>) => [...slots].map(({ number }) => number).sort((a, b) => a - b);

function sortEntries<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
