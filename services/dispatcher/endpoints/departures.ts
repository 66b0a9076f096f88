// A task that takes traffic is told to stop when nobody sends it any: first the endpoints without it are stored, then the nodes of its
// networks say that they go by them, and then its own node is told. None of that is worth more than a moment: who says nothing is not
// waited for any longer. Nothing of it is in the log, and a copy that starts anew waits once more.
import { isTerminal, TaskState } from '@muster/model';
import { type Clock, createDeadlines, type Timer } from '@muster/runtime';
import { basisOf, type ClusterState, type Network, type Task } from '@muster/state';
import type { EndpointWriter } from './endpoint-writer.ts';

/** A node that lives answers within a few ms, and within seconds where its processors have more to do than they can. */
export const DEPARTURE_MS = 3_000;

export interface DeparturesOptions {
  readonly state: ClusterState;
  readonly clock: Clock;
  readonly endpoints: Pick<EndpointWriter, 'findOut'>;
  /** Their nodes may be told now. */
  readonly onLeft: (taskIds: readonly string[]) => void;
}

export interface Departures {
  /** Whether its node may be told that it is to stop. Where not yet, `onLeft` says when. */
  mayStop(task: Task): boolean;
  /** The node was told, or there is nothing to be told. */
  forget(taskId: string): void;
  /** The node goes by all endpoints up to that sequence of their store. */
  hear(nodeId: string, seq: number): void;
  /** More endpoints are stored, or it is known that none are to be. */
  look(): void;
  stop(): void;
}

interface Departure {
  /** The sequences that nodes have to have reached, by network; undefined while endpoints without it are not stored. */
  readonly outAt: Map<string, number | undefined>;
  hasLeft: boolean;
}

export function createDepartures({ state, clock, endpoints, onLeft }: DeparturesOptions): Departures {
  const departures = new Map<string, Departure>();
  const deadlines = createDeadlines();
  const followed = new Map<string, number>();
  let soon: Timer | undefined;
  let alarm: Timer | undefined;
  let waiting = 0;

  /** Many of one service leave at once: what concerns all of them is found once. */
  function look(): void {
    if (waiting > 0) soon ??= clock.schedule(0, lookNow);
  }

  function lookNow(): void {
    soon = undefined;
    const findOut = once((networkId: string, serviceId: string, basis: number) =>
      endpoints.findOut(networkId, serviceId, basis),
    );
    const levelOf = once((networkId: string) => measureLevel(state, networkId, followed));
    const left: string[] = [];
    for (const [id, departure] of departures) {
      if (departure.hasLeft) continue;
      const task = state.tasks.get(id);
      if (task && !hasLeft(task, departure)) continue;
      leave(departure);
      left.push(id);
    }
    if (left.length > 0) onLeft(left);

    function hasLeft({ service, commandSeq }: Task, { outAt }: Departure): boolean {
      const basis = basisOf(state, commandSeq);
      for (const [networkId, known] of outAt)
        outAt.set(networkId, known ?? findOut(networkId, service.id, basis));
      return [...outAt].every(([networkId, seq]) => seq !== undefined && levelOf(networkId) >= seq);
    }
  }

  function leave(departure: Departure): void {
    departure.hasLeft = true;
    waiting -= 1;
  }

  function beWoken(): void {
    const at = deadlines.next();
    if (at === undefined) return;
    alarm ??= clock.schedule(Math.max(1, at - clock.now()), () => {
      alarm = undefined;
      const late = deadlines.takeDue(clock.now()).filter((id) => departures.get(id)?.hasLeft === false);
      for (const id of late) leave(departures.get(id)!);
      if (late.length > 0) onLeft(late);
      beWoken();
    });
  }

  return {
    mayStop(task) {
      if (!takesTraffic(task)) return true;
      const known = departures.get(task.id);
      if (known) return known.hasLeft;
      const outAt = new Map(task.addresses!.map(({ networkId }) => [networkId, undefined] as const));
      departures.set(task.id, { outAt, hasLeft: false });
      waiting += 1;
      deadlines.set(task.id, clock.now() + DEPARTURE_MS);
      beWoken();
      look();
      return false;
    },
    forget(taskId) {
      const departure = departures.get(taskId);
      if (departure?.hasLeft === false) waiting -= 1;
      departures.delete(taskId);
    },
    hear(nodeId, seq) {
      // Anybody may say anything on the bus.
      if (!state.nodes.has(nodeId)) return;
      followed.set(nodeId, seq);
      look();
    },
    look,
    stop() {
      soon?.cancel();
      alarm?.cancel();
    },
  };
}

/** It runs, on networks, where somebody may send it something. */
function takesTraffic({ addresses, observed, node }: Task): boolean {
  if (!addresses || addresses.length === 0 || isTerminal(observed)) return false;
  return observed === TaskState.RUNNING && node?.number !== undefined;
}

/** How far all nodes go by the endpoints that have to do with the network, as far as they can be expected to. */
function measureLevel(
  { networks, nodes }: ClusterState,
  networkId: string,
  followed: ReadonlyMap<string, number>,
): number {
  let level = Number.POSITIVE_INFINITY;
  for (const nodeId of listSenders(networks.get(networkId), nodes)) {
    const node = nodes.get(nodeId);
    if (node?.status === 'ready' && node.number !== undefined)
      level = Math.min(level, followed.get(nodeId) ?? 0);
  }
  return level;
}

/** Nodes that may send something to its tasks: what comes in by a published port comes from any. */
function listSenders(network: Network | undefined, nodes: ClusterState['nodes']): Iterable<string> {
  if (network?.spec.ingress) return nodes.keys();
  const spaces = network?.spaces ?? [];
  return new Set(spaces.flatMap((space) => [...space.blocks()].map(({ nodeId }) => nodeId)));
}

/** Asked the same again, it gives what it gave. */
function once<Args extends readonly (string | number)[], Answer>(
  ask: (...args: Args) => Answer,
): (...args: Args) => Answer {
  const answers = new Map<string, Answer>();
  return (...args) => {
    const key = args.join(' ');
    if (!answers.has(key)) answers.set(key, ask(...args));
    return answers.get(key)!;
  };
}
