// What an agent is given, and what it offers to whoever runs it.
import type { Backend, RunState } from '@muster/backends';
import type { CommandStore, Log } from '@muster/log';
import type { Bus, Clock, Logger } from '@muster/runtime';
import type { ClusterRecord } from './commands/cluster-record.ts';
import type { AgentStorage } from './disk/storage.ts';
import type { NetworksHealth } from './networks/figures.ts';
import type { NetworkSettings } from './networks/networks.ts';

export interface AgentOptions {
  /** One token of a subject; 25 characters of base36 when `loadIdentity` drew it. */
  readonly nodeId: string;
  readonly clusterName: string;
  readonly backend: Backend;
  readonly log: Log;
  readonly commands: CommandStore;
  /** Shared by agents that have one log in one process; an agent reads its own when left out. */
  readonly clusterRecord?: ClusterRecord;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly labels: Readonly<Record<string, string>>;
  /** Left out when tasks end with the agent, as simulated ones do. */
  readonly storage?: AgentStorage;
  /** Left out where the node has no part in networks. */
  readonly networks?: NetworkSettings;
  /** The id was drawn for this start: the log has nothing of this node. */
  readonly isNew?: boolean;
  /** Drawn by the caller at each start, and never used twice. */
  readonly session: string;
  /** From 0 to 1, for the jitter of heartbeats. */
  readonly random: () => number;
  readonly heartbeatMs?: number;
  readonly maxConcurrentStarts?: number;
  readonly maxConcurrentStops?: number;
}

export interface AgentHealth {
  /** `starting` until the node has joined and read its commands; `removed` once the cluster wants it no more, and it has ended. */
  readonly state: 'starting' | 'running' | 'ended' | 'removed';
  /** Since when the engine does not answer, ms since the epoch. */
  readonly engineLostSince: number | undefined;
  /** What is known of why. */
  readonly engineLostWhy: string | undefined;
  /** The log does not take the node's events. */
  readonly isCutOff: boolean;
  readonly tasks: number;
  /** The same by how far they have got: `assigned` until they are seen to. */
  readonly tasksByState: Readonly<Record<string, number>>;
  /** Statuses that are not in the log yet. */
  readonly waitingReports: number;
  /** Statuses that the log has taken since the agent started. */
  readonly reports: number;
  /** Commands received since then. */
  readonly commands: number;
  /** Commands that could not be understood. */
  readonly refusedCommands: number;
  /** Statuses in which something could not have been read back, and was left out. */
  readonly oddStatuses: number;
  /** Tasks started since then, and tasks that failed or were rejected. */
  readonly started: number;
  readonly failed: number;
  /** Undefined for a backend that has no images. */
  readonly imagesPulled: number | undefined;
  /** Undefined where the node is to have no part in networks. */
  readonly networks: NetworksHealth | undefined;
}

export interface Agent {
  readonly nodeId: string;
  /** Whether something that its backend has is this cluster's: nothing else is to be touched. */
  isOurs(run: RunState): boolean;
  /** Resolves when the node has joined and acts on its commands. Rejects when the agent ends before. */
  readonly ready: Promise<void>;
  /** Resolves when the agent has ended: with an error when it could not go on, as when it was displaced. */
  readonly ended: Promise<Error | undefined>;
  health(): AgentHealth;
  /** Lets what is under way finish, and sends what is to be reported. Containers run on. */
  stop(): Promise<void>;
  /** Once it has ended: nothing of the node's networks is left on this machine. */
  removeNetworks(): Promise<void>;
  /** Ends at once and sends nothing, as a kill would: for simulation. */
  kill(): void;
}
