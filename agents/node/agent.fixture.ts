// One node in memory, for tests: a log, commands, a bus and a simulated engine that outlive its agent. Time is virtual.
import { type Behaviour, type CrashOptions, createBackend, SimulatedEngine } from '@muster/backends';
import {
  decode,
  type EventOf,
  encodeJson,
  heartbeatSubject,
  type MusterEvent,
  type TaskCommand,
  type TaskStatus,
} from '@muster/events';
import { type AppendResult, type MemoryAppend, MemoryCommandStore, MemoryLog } from '@muster/log';
import { type DesiredStateName, deriveTaskId, nameTask, taskSpecSchema } from '@muster/model';
import { type Bus, MemoryBus, silentLogger } from '@muster/runtime';
import { VirtualClock } from '@muster/testing';
import { startAgent } from './agent.ts';
import type { Agent, AgentOptions } from './agent-options.ts';
import { type AgentStorage, createMemoryStorage } from './disk/storage.ts';

export const NODE = 'node1';

export type Intercept = (append: MemoryAppend, store: () => AppendResult) => Promise<AppendResult>;

export interface Rig {
  readonly clock: VirtualClock;
  readonly log: MemoryLog;
  readonly engine: SimulatedEngine;
  readonly commands: MemoryCommandStore;
  readonly buses: MemoryBus;
  /** Somebody else on the bus. */
  readonly bus: Bus;
  storage: AgentStorage;
  /** What stands between the agent and the log. */
  intercept: Intercept;
  /** Starts the agent, or starts it again: same node, same engine, another session. */
  start(options?: Partial<AgentOptions>): Promise<Agent>;
  /** Starts it and lets it join. */
  startReady(options?: Partial<AgentOptions>): Promise<Agent>;
  command(taskId: string, desired: DesiredStateName, options?: CommandOptions): Promise<void>;
  forget(taskId: string): Promise<void>;
  /** Cuts the agent off from log and bus. */
  cutOff(): void;
  reconnect(): void;
  crashEngine(options?: CrashOptions): void;
  /** Everything the node wrote, in order. */
  events(): MusterEvent[];
  reports(): EventOf<'tasks.reported'>[];
  /** Every state reported of a task, in order. */
  statesOf(taskId: string): string[];
  lastStatus(taskId: string): TaskStatus | undefined;
  /** What the engine has of a task. */
  presenceOf(taskId: string): string | undefined;
  /** Sessions heard on the node's heartbeat subject, with the times. */
  readonly heartbeats: { readonly at: number; readonly session: string }[];
}

export interface CommandOptions {
  readonly env?: readonly string[];
  /** Of its container. */
  readonly container?: object;
  readonly ports?: TaskCommand['task']['ports'];
  /** The next one by default. */
  readonly basis?: number;
  /** What else the command says. */
  readonly more?: object;
}

export interface RigOptions {
  /** The version that the cluster has, where it is not what its log says. */
  readonly wire?: number;
  readonly behaviour?: Behaviour;
}

export function taskIdOf(slot: number, generation = 1): string {
  return deriveTaskId('service1', slot, generation);
}

export function createRig({ behaviour, wire }: RigOptions = {}): Rig {
  const clock = new VirtualClock();
  const now = () => clock.now();
  const stored = { seqs: new Map<string, number>(), basis: 0, sessions: 0 };
  const log = new MemoryLog({
    now,
    intercept: (append, store) => rig.intercept(append, store),
  });
  const commands = new MemoryCommandStore({ now });
  const buses = new MemoryBus({ clock });
  const engine = new SimulatedEngine({ clock, ...(behaviour === undefined ? {} : { behaviour }) });
  const heartbeats: { at: number; session: string }[] = [];
  const bus = buses.client('observer');
  bus.subscribe(heartbeatSubject(NODE), ({ data }) => {
    heartbeats.push({ at: now(), ...(JSON.parse(new TextDecoder().decode(data)) as { session: string }) });
  });

  async function put(taskId: string, command: object): Promise<void> {
    const expectLastSeq = stored.seqs.get(taskId) ?? 0;
    const result = await commands.put(NODE, taskId, encodeJson(command), { expectLastSeq });
    if (!result.ok) throw new Error('the command was in conflict');
    stored.seqs.set(taskId, result.seq);
  }

  const rig: Rig = {
    clock,
    log,
    engine,
    commands,
    buses,
    bus,
    heartbeats,
    storage: createMemoryStorage(),
    intercept: async (_append, store) => store(),
    async start(options = {}) {
      stored.sessions += 1;
      const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
      return startAgent({
        nodeId: NODE,
        clusterName: 'test',
        backend,
        log: log.client('agent'),
        commands: commands.client('agent'),
        bus: buses.client('agent'),
        clock,
        logger: silentLogger,
        labels: { disk: 'ssd' },
        storage: rig.storage,
        session: `session${stored.sessions}`,
        random: () => 0.5,
        ...(wire !== undefined && {
          clusterRecord: {
            know: async () => ({ id: undefined, wire }),
            onChange: () => undefined,
            look: () => undefined,
          },
        }),
        ...options,
      });
    },
    async startReady(options) {
      const agent = await rig.start(options);
      await clock.settle();
      await agent.ready;
      return agent;
    },
    async command(taskId, desired, { env = [], container = {}, ports = [], basis, more } = {}) {
      const ownBasis = basis ?? stored.basis + 1;
      stored.basis = Math.max(stored.basis, ownBasis);
      await put(taskId, {
        v: 1,
        type: 'task',
        basis: ownBasis,
        desired,
        task: {
          id: taskId,
          name: nameTask('web', 1, taskId),
          slot: 1,
          service: { id: 'service1', name: 'web', labels: {} },
          spec: taskSpecSchema.parse({ containerSpec: { image: 'web:1', env, ...container } }),
          ports: [...ports],
        },
        ...more,
      });
    },
    async forget(taskId) {
      stored.basis += 1;
      await put(taskId, { v: 1, type: 'forget', basis: stored.basis });
    },
    cutOff() {
      buses.disconnect('agent');
      rig.intercept = () => Promise.reject(new Error('no connection'));
    },
    reconnect() {
      rig.intercept = async (_append, store) => store();
      buses.reconnect('agent');
    },
    crashEngine: (options) => engine.crash(options),
    events: () =>
      log.records.flatMap((record) => {
        const fact = decode(record, wire);
        if (fact.is === 'poison') throw new Error(`the agent wrote poison: ${fact.reason}`);
        return fact.is === 'event' ? [fact.event] : [];
      }),
    reports: () => rig.events().filter((event) => event.type === 'tasks.reported'),
    statesOf: (taskId) =>
      rig
        .reports()
        .flatMap(({ statuses }) => statuses.filter(({ id }) => id === taskId).map(({ state }) => state)),
    lastStatus: (taskId) =>
      rig
        .reports()
        .flatMap(({ statuses }) => statuses)
        .findLast(({ id }) => id === taskId),
    presenceOf: (taskId) => [...engine.states()].find((state) => state.taskId === taskId)?.status,
  };
  return rig;
}
