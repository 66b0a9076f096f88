// What there is to be seen of one copy of a role, and one look at it. A look is plain data: metrics, checks and answers are
// all made from it.
import { type ConsumerStats, type Log, LogDivergedError, type WriteStats } from '@muster/log';
import {
  type ConnectionStats,
  type LogClock,
  RecordVoidedError,
  type ReducerLoopStats,
} from '@muster/runtime';
import type { ClusterState, Halt } from '@muster/state';
import { askHead } from './ask-head.ts';
import type { Measures } from './measures.ts';
import { type RestartCounts, readWorkloads, type Workloads } from './workloads.ts';

/** Given by whoever starts the copy; what is live is read when somebody looks. */
export interface ObservedRole {
  readonly role: string;
  readonly copy: string;
  readonly measures: Measures;
  /** Left out by what needs no NATS. */
  connection?(): ConnectionReading;
  readonly fold?: ObservedFold;
  readonly loop?: Readonly<ReducerLoopStats>;
  readonly commands?: CommandCounts;
  backlog?(): Readonly<Record<string, number>>;
  agent?(): AgentReading;
  names?(): NamesReading | undefined;
  /** Of the one role that tells what the cluster runs. */
  readonly restarts?: RestartCounts;
}

export interface ObservedFold {
  readonly state: ClusterState;
  readonly log: Log;
  /** The head when the copy had caught up for the first time, and how long that took. */
  readonly startHead: number;
  readonly startMs: number;
  /** What the process has seen the log lose. */
  readonly losses: Readonly<LossCounts>;
  /** The log is in sight, and has what was folded. */
  isCertain(): boolean;
  /** Why it can't go on, if it can't. */
  failure(): Error | undefined;
}

export interface LossCounts {
  /** Times that the log had lost its end. */
  losses: number;
  /** Records that had been read and were gone, and the intents among them that did not come again. */
  records: number;
  intents: number;
}

export interface ConnectionReading extends ConnectionStats {
  readonly consumers: readonly Readonly<ConsumerStats>[];
  /** Of each stream that something was to be stored in. */
  readonly writes: readonly Readonly<WriteStats>[];
  /** How this machine's clock and the log's agree, in ms: see LogClock. */
  readonly clock?: Pick<LogClock, 'aheadMs' | 'leapMs'>;
}

export interface CommandCounts {
  readonly written: number;
  readonly conflicts: number;
  readonly failures: number;
  readonly refused: number;
  readonly waiting: number;
}

export interface AgentReading {
  readonly nodeId: string;
  /** How many nodes this is about, when it is more than one. */
  readonly nodes?: number;
  readonly state: 'starting' | 'running' | 'ended' | 'removed';
  /** Why the engine can't be used; undefined while it can. */
  readonly engineTrouble: string | undefined;
  /** The log does not take the node's events. */
  readonly cutOff: boolean;
  /** Tasks of the node by how far they have got. */
  readonly tasks: Readonly<Record<string, number>>;
  /** Statuses that are not stored yet. */
  readonly waitingReports: number;
  /** Statuses stored, and commands understood and not. */
  readonly reports: number;
  readonly commands: number;
  readonly refusedCommands: number;
  /** Statuses in which something was left out that the log could not hold. */
  readonly oddStatuses: number;
  /** Tasks started, and tasks that failed or were rejected. */
  readonly started: number;
  readonly failed: number;
  /** Left out by a backend that has no images. */
  readonly imagesPulled?: number | undefined;
  /** Left out where the node is to have no part in networks. */
  readonly networks?: NetworksReading | undefined;
}

/** Of a node's part of its networks. */
export interface NetworksReading {
  /** What the machine lacks for them, in sentences that say how to get it. */
  readonly lacks: readonly string[];
  readonly trouble: string | undefined;
  /** What the kernel has, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  /** Packets that were dropped or refused, by why. */
  readonly drops: Readonly<Record<string, number>>;
  /** Tracked connections, of the router and of the host. */
  readonly connections: Readonly<
    Record<string, { readonly used: number; readonly limit: number } | undefined>
  >;
  /** Whether names are answered; undefined where nobody asks. */
  readonly resolver: boolean | undefined;
}

/** Of a resolver, since it started. */
export interface NamesReading {
  /** By how they were answered, and what went wrong, by what it was. */
  readonly queries: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Time that upstream servers took to answer, all of it. */
  readonly upstreamMs: number;
  readonly networks: number;
  readonly names: number;
  readonly askers: number;
  /** Files that can't be read, with why. */
  readonly broken: Readonly<Record<string, string>>;
}

export interface FoldReading {
  readonly head: number;
  /** The log's own; left out when nobody asked for it, undefined when the log did not answer. */
  readonly logHead?: number | undefined;
  readonly folded: number;
  readonly startMs: number;
  readonly voided: number;
  readonly astray: number;
  readonly losses: LossCounts;
  readonly certain: boolean;
  readonly halted: Halt | undefined;
  /** The cluster's, as folded. */
  readonly wireVersion: number;
  readonly failure: string | undefined;
  readonly objects: Readonly<Record<'services' | 'tasks' | 'nodes' | 'networks' | 'intents', number>>;
}

export interface RoleReading extends Pick<ObservedRole, 'role' | 'copy' | 'measures' | 'loop' | 'commands'> {
  readonly connection?: ConnectionReading;
  readonly fold?: FoldReading;
  readonly backlog: Readonly<Record<string, number>>;
  readonly agent?: AgentReading;
  readonly names?: NamesReading;
  readonly workloads?: Workloads;
}

/** Without asking anybody. */
export function lookAt(observed: ObservedRole): RoleReading {
  const { role, copy, measures, loop, commands, fold } = observed;
  const agent = observed.agent?.();
  const names = observed.names?.();
  const connection = observed.connection?.();
  return {
    role,
    copy,
    measures,
    ...(connection && { connection }),
    backlog: { ...observed.backlog?.(), ...(agent && { reports: agent.waitingReports }) },
    ...(loop && { loop }),
    ...(commands && { commands }),
    ...(fold && { fold: readFold(fold) }),
    ...(agent && { agent }),
    ...(names && { names }),
  };
}

/** As far as the log goes, too. */
export async function lookClosely(observed: ObservedRole): Promise<RoleReading> {
  const { fold } = observed;
  if (!fold) return lookAt(observed);
  // Asked for first: a fold that goes on meanwhile is not behind.
  const logHead = await askHead(fold.log);
  const reading = lookAt(observed);
  return { ...reading, fold: { ...reading.fold!, logHead } };
}

/** What the cluster runs, too. */
export async function lookAtWorkloads(observed: ObservedRole): Promise<RoleReading> {
  const { fold, restarts } = observed;
  const reading = await lookClosely(observed);
  if (!fold || !restarts) return reading;
  return { ...reading, workloads: readWorkloads(fold.state, restarts) };
}

function readFold(observed: ObservedFold): FoldReading {
  const { state, startHead, startMs, losses } = observed;
  const failure = observed.failure();
  const { head, services, tasks, nodes, networks, intents } = state;
  return {
    head,
    folded: head - startHead,
    startMs,
    voided: state.conflicts,
    astray: state.astray,
    losses,
    certain: observed.isCertain(),
    halted: state.halted,
    wireVersion: state.wireVersion,
    // A new fold is made.
    failure:
      failure instanceof LogDivergedError || failure instanceof RecordVoidedError
        ? undefined
        : failure?.message,
    objects: {
      services: services.size,
      tasks: tasks.size,
      nodes: nodes.size,
      networks: networks.size,
      intents: intents.size,
    },
  };
}
