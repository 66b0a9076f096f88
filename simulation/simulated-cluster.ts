// The whole cluster in one process: the real reducers and the real agents on a memory log and simulated engines,
// with a virtual clock. Everything random comes from one seed: the same seed is the same run.
import {
  type Agent,
  createMemoryStorage,
  listenToEndpoints,
  NodeRemovedError,
  startAgent,
} from '@muster/agent';
import { createAllocator } from '@muster/allocator';
import { createBackend, SimulatedEngine } from '@muster/backends';
import { startDispatcher } from '@muster/dispatcher';
import { composeEvent, encodeJson, FIRST_WIRE_VERSION, intentSubject, WIRE_VERSION } from '@muster/events';
import { DEFAULT_TEAM, readNameWithTeam } from '@muster/model';
import { startOrchestrator } from '@muster/orchestrator';
import {
  type Follower,
  foundCluster,
  RecordVoidedError,
  type ReducerLoopStats,
  runSharedReducer,
  silentLogger,
  snapshotRegularly,
  startFollower,
  startPresence,
  turnedOrder,
} from '@muster/runtime';
import { createScheduler } from '@muster/scheduler';
import { VirtualClock } from '@muster/testing';
import { type Chance, seedChance } from './chance.ts';
import { createObserver, type Observer } from './checkers.ts';
import { findUnfinished } from './convergence.ts';
import { createNetwork, type Network, perfectNetwork } from './network.ts';
import { type SimulatedProcess, startProcess } from './simulated-process.ts';

export const HEARTBEAT_MS = 5000;
const roles = ['orchestrator', 'allocator', 'scheduler', 'dispatcher'] as const;
/** The label `zone` of the nodes, in turn. */
export const zones = ['a', 'b'] as const;
export type Role = (typeof roles)[number];

/** How long it takes until somebody starts an agent whose node was removed. */
const REJOIN_AFTER_MS = 2000;

/** So few that a process that starts again finds one as a rule. */
const SNAPSHOT_EVERY = 100;

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Copies of each reducer. */
  readonly copies: number;
  /** How far the clocks of machines may be off, either way; 0 by default. */
  readonly maxSkewMs?: number;
  /** The wire version that the log is raised to before anybody comes; the newest by default. */
  readonly wire?: number | undefined;
}

/** A place where a process runs, again and again. */
export interface Seat {
  readonly name: string;
  process: SimulatedProcess | undefined;
  start(): Promise<void>;
}

export interface ReducerSeat extends Seat {
  readonly role: Role;
  follower: Follower | undefined;
  /** What its loop has done in this life. */
  stats: Readonly<ReducerLoopStats> | undefined;
}

export interface NodeSeat extends Seat {
  readonly nodeId: string;
  readonly engine: SimulatedEngine;
  agent: Agent | undefined;
}

export interface SimulatedCluster {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly network: Network;
  readonly observer: Observer;
  readonly reducers: readonly ReducerSeat[];
  readonly nodes: readonly NodeSeat[];
  /** Machines that never come back. */
  readonly lost: Set<Seat>;
  /** The first thing that went wrong in a process or a checker. */
  readonly failure: Error | undefined;
  start(): Promise<void>;
  kill(seat: Seat): void;
  /** Publishes an intent from outside. */
  /** `name` is in the default team, unless it says another: "blue/web". */
  intend(verb: string, name: string, body?: unknown): Promise<void>;
  /** The same about a node. */
  intendNode(verb: string, seat: NodeSeat, body?: unknown): Promise<void>;
  /** The same about a network of the default team. */
  intendNetwork(verb: string, name: string, body?: unknown): Promise<void>;
  /** Anything at all, from outside. */
  publish(subject: string, data: Uint8Array): Promise<void>;
  /** Lets time pass; throws as soon as a rule is broken. */
  run(ms: number): Promise<void>;
  /** What still keeps the cluster from being as it should; empty when it has converged. */
  unfinished(): string[];
}

export function createCluster(options: SimulationOptions): SimulatedCluster {
  const { seed, nodes, copies, maxSkewMs = 0, wire = WIRE_VERSION } = options;
  const clock = new VirtualClock();
  const chance = seedChance(seed);
  const network = createNetwork(clock, chance);
  const observer = createObserver();
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
  };
  let incarnations = 0;
  const skews = new Map<Seat, number>();

  function launch(seat: Seat): SimulatedProcess {
    incarnations += 1;
    const skewMs = skews.get(seat) ?? chance.between(-maxSkewMs, maxSkewMs);
    skews.set(seat, skewMs);
    const process = startProcess(`${seat.name}#${incarnations}`, clock, skewMs);
    network.processes.set(process.name, process);
    seat.process = process;
    return process;
  }

  function seatReducer(role: Role, copy: number): ReducerSeat {
    const seat: ReducerSeat = {
      name: `${role}-${copy}`,
      role,
      process: undefined,
      follower: undefined,
      stats: undefined,
      async start() {
        const process = launch(seat);
        const log = network.log.client(process.name);
        const follower = await startFollower({ log, clock: process.clock, logger: silentLogger });
        if (!process.alive) return;
        seat.follower = follower;
        follower.onFailure((error) => {
          if (!(error instanceof RecordVoidedError) || !process.alive) return;
          cluster.kill(seat);
          void seat.start().catch(fail);
        });
        const loop = { follower, log, clock: process.clock, logger: silentLogger };
        const bus = network.bus.client(process.name);
        const own = { bus, clock: process.clock, role, copy: process.name };
        const shared = { ...loop, bus, presence: startPresence({ ...own, able: false }) };
        const maxRecordBytes = () => log.maxRecordBytes;
        switch (role) {
          case 'orchestrator':
            seat.stats = startOrchestrator({ ...shared, maxRecordBytes }).stats;
            snapshotRegularly({ ...loop, snapshots: network.snapshots, every: SNAPSHOT_EVERY });
            break;
          case 'allocator':
            seat.stats = runSharedReducer({
              ...shared,
              createReducer: (share) => createAllocator({ share, maxRecordBytes }),
            }).stats;
            break;
          case 'scheduler':
            seat.stats = runSharedReducer({
              ...shared,
              createReducer: (sharing) =>
                createScheduler({ sharing, rank: turnedOrder(process.name), maxRecordBytes }),
            }).stats;
            break;
          case 'dispatcher':
            seat.stats = (
              await startDispatcher({
                ...shared,
                commands: network.commands.client(process.name),
                endpoints: network.endpoints.client(process.name),
                heartbeatMs: HEARTBEAT_MS,
              })
            ).stats;
        }
      },
    };
    return seat;
  }

  function seatNode(index: number): NodeSeat {
    const nodeId = `node${String(index).padStart(2, '0')}`.padEnd(25, 'x');
    const storage = createMemoryStorage();
    const engine = new SimulatedEngine({
      clock,
      name: `engine${index}`,
      seed: `${seed}/${index}`,
      behaviour: { startDelayMs: 300, stopDelayMs: 200 },
    });
    const seat: NodeSeat = {
      name: `node${index}`,
      nodeId,
      engine,
      process: undefined,
      agent: undefined,
      async start() {
        const process = launch(seat);
        const backend = await createBackend('simulator', {
          clusterName: 'simulated',
          nodeId,
          nodeHostname: `node${index}`,
          addr: `192.0.2.${index}`,
          clock: process.clock,
          engine,
        });
        seat.agent = await startAgent({
          nodeId,
          clusterName: 'simulated',
          backend,
          log: network.log.client(process.name),
          commands: network.commands.client(process.name),
          bus: network.bus.client(process.name),
          clock: process.clock,
          logger: silentLogger,
          labels: { zone: zones[index % zones.length]! },
          heartbeatMs: HEARTBEAT_MS,
          session: process.name,
          storage,
          random: chance.next,
        });
        followEndpoints(nodeId, process);
        seat.agent.ended.then((error) => {
          if (error instanceof NodeRemovedError) startAnew(seat, process);
        }, fail);
      },
    };
    return seat;
  }

  /** A kernel that goes by them at once. */
  function followEndpoints(nodeId: string, { name, clock }: SimulatedProcess): void {
    const listening = listenToEndpoints({
      store: network.endpoints.client(name),
      bus: network.bus.client(name),
      nodeId,
      clock,
      logger: silentLogger,
      signal: new AbortController().signal,
      onChange: ({ seq }) => listening.noteFollowed(seq),
    });
  }

  /** Its node was removed: after a while somebody starts it again. */
  function startAnew(seat: NodeSeat, process: SimulatedProcess): void {
    clock.schedule(REJOIN_AFTER_MS, () => {
      if (seat.process !== process || cluster.lost.has(seat)) return;
      cluster.kill(seat);
      void seat.start().catch(fail);
    });
  }

  const reducers = roles.flatMap((role) =>
    Array.from({ length: copies }, (_, copy) => seatReducer(role, copy + 1)),
  );
  const seats = Array.from({ length: nodes }, (_, index) => seatNode(index + 1));

  const cluster: SimulatedCluster = {
    clock,
    chance,
    network,
    observer,
    reducers,
    nodes: seats,
    lost: new Set(),
    get failure() {
      return failure;
    },
    async start() {
      // Loads the backend's code now: later, loading would take real time while virtual time goes on.
      await createBackend('simulator', { clusterName: 'simulated', nodeId: 'warm-up', clock });
      await network.log.client('observer').follow({ from: 1, onRecord: observer.observe, onError: fail });
      // Before anything goes wrong: time does not pass yet, so nothing could be waited for.
      const { faults } = network;
      network.faults = { ...perfectNetwork };
      await foundCluster(network.log, { clusterId: `cluster-${seed}`, name: 'simulated' }, clock);
      if (wire > FIRST_WIRE_VERSION) await raiseVersion(network, wire, clock.now());
      network.faults = faults;
      for (const seat of [...reducers, ...seats]) void seat.start().catch(fail);
      await cluster.run(1000);
    },
    kill(seat) {
      if ('agent' in seat) (seat as NodeSeat).agent?.kill();
      seat.process?.kill();
      seat.process = undefined;
    },
    intend(verb, text, body) {
      const { team, name } = readNameWithTeam(text, DEFAULT_TEAM);
      const data = body === undefined ? new Uint8Array() : encodeJson(body);
      return cluster.publish(intentSubject('ana', 'service', verb, name, team), data);
    },
    intendNode: (verb, { nodeId }, body = {}) =>
      cluster.publish(intentSubject('ana', 'node', verb, nodeId), encodeJson(body)),
    intendNetwork: (verb, name, body = {}) =>
      cluster.publish(intentSubject('ana', 'network', verb, name), encodeJson(body)),
    async publish(subject, data) {
      let stored = false;
      // A user tries again until it is in the log; time must pass meanwhile.
      const submit = (): Promise<unknown> =>
        network.log
          .client('user')
          .append(subject, data)
          .then(() => {
            stored = true;
          }, submit);
      void submit();
      await clock.advanceUntil(() => stored);
    },
    async run(ms) {
      await clock.advance(ms);
      if (failure) throw failure;
    },
    unfinished: () => findUnfinished(cluster),
  };
  return cluster;
}

/** There is no API here, without which no orchestrator raises it. */
async function raiseVersion({ log }: Network, version: number, now: number): Promise<void> {
  const { subject, data } = composeEvent({ type: 'cluster.version_raised', cause: 1, version }, now);
  await log.append(subject, data);
}
