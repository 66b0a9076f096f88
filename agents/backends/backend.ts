// What can run tasks: libswarm's idea of a backend, as one small interface. The agent is the same for all of
// them, and backend.contract.ts is run on each.
import type { NodeDescription, RunSpec } from '@muster/model';
import type { Aside } from '@muster/runtime';

/** Who a task is, for names, labels and environment. */
export interface TaskIdentity {
  /** Absent in a cluster whose log does not say. */
  readonly clusterId?: string;
  readonly clusterName: string;
  readonly nodeId: string;
  readonly nodeHostname: string;
  readonly serviceId: string;
  readonly serviceName: string;
  /** Whose service it is; undefined for the default team. */
  readonly team?: string;
  readonly serviceLabels: Readonly<Record<string, string>>;
  readonly taskId: string;
  /** `service.slot.taskid`, or `service.nodeid.taskid` */
  readonly taskName: string;
  readonly slot: number;
}

/** Ports as the allocator left them: none of them 0. Only host mode reaches a backend. */
export interface BoundPort {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly targetPort: number;
  readonly publishedPort: number;
}

/** One of a task's places on networks. */
export interface OrderedNetwork {
  readonly id: string;
  readonly name: string;
  /** The network's own in the cluster. */
  readonly number: number;
  readonly address: string;
  /** Leading bits that the addresses of the network's subnet share. */
  readonly prefix: number;
  /** Of IPv6, where the network has it: the task has the twin of its address there. */
  readonly subnet6?: string | undefined;
  readonly internal: boolean;
}

export interface TaskOrder {
  readonly identity: TaskIdentity;
  readonly spec: RunSpec;
  readonly ports: readonly BoundPort[];
  /** Left out when it is on none. Ports are then not the backend's business either. */
  readonly networks?: readonly OrderedNetwork[];
}

/** A network namespace of a task. */
export interface Sandbox {
  readonly taskId: string;
  /** The backend's own id of what keeps it. */
  readonly runId: string;
  /** As they were ordered: who starts anew needs nobody to say it again. */
  readonly networks: readonly OrderedNetwork[];
  readonly ports: readonly BoundPort[];
  /** Who is asked for names from outside, instead of the machine's own servers. */
  readonly nameservers?: readonly string[];
  /** Its path; left out when there is none any more. */
  readonly netns?: string;
}

/**
 * Of a backend whose tasks can be on networks. `hold` begins what was prepared as far as its namespace, with nothing in it, and
 * nothing of the task runs; whoever carries packets makes it whole; then `start` lets the task begin.
 */
export interface Sandboxes {
  /** Why no task of this node can be on networks, by trying; undefined where they can. */
  whyNot(): Promise<string | undefined>;
  /** Undefined for a task on none. */
  hold(taskId: string, options?: CallOptions): Promise<Sandbox | undefined>;
  list(): Promise<readonly Sandbox[]>;
  /** The task has ended: what is still held is to begin no more. No such task: resolves. `remove` does it as well. */
  close(taskId: string): Promise<void>;
}

/** `starting` until its first check succeeds, or too many have failed. */
export type Health = 'starting' | 'healthy' | 'unhealthy';

/**
 * `created`: prepared, not started. `exited` covers every end, with its exit code (128 + signal when killed by one).
 * `unknown`: it is there, and no more can be told of it for now, as when its runtime is stuck.
 */
export interface RunState {
  readonly taskId: string;
  /** The backend's own id (container id, pid); empty while it has none. */
  readonly runId: string;
  /** Whose it is, by what it carries; absent where it carries nothing, as what older agents made. Changes need not say. */
  readonly clusterId?: string;
  readonly status: 'created' | 'running' | 'exited' | 'unknown';
  readonly exitCode?: number;
  /** Of one that runs and whose health the backend looks after; changes need not say. What it says nothing of is the agent's to check. */
  readonly health?: Health;
  /** Why, in the backend's words, when it ended badly. */
  readonly error?: string;
  /** Ms since the epoch. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

export interface LogChunk {
  readonly taskId: string;
  readonly stream: 'stdout' | 'stderr';
  /** One line, without its end. */
  readonly line: string;
  /** It goes on in the next one of its stream. */
  readonly open?: true;
  /** Ms since the epoch. */
  readonly time: number;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Lines from the end; all when left out. */
  readonly tail?: number;
  /** Ms since the epoch. */
  readonly since?: number;
  /** Ends the lines, without an error. A follow that waits for its next line has no other way out. */
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Of a call that may take long. */
export interface CallOptions {
  /**
   * Nobody wants the task any more. The call rejects with the signal's reason: at once where it waits, within seconds where
   * the engine is at it. What comes of it all the same is told as any change, and can be stopped and removed.
   * It may be made when it is first read: to be read by who waits.
   */
  readonly signal?: AbortSignal;
}

export interface PrepareOptions extends CallOptions {
  /** What only waits, as for a registry, is done in here: it is not to hold up other tasks. */
  readonly aside?: Aside;
}

/** A task can never run here (no such image, bad mount): REJECTED. Any other error is taken as passing, and tried again. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError';
}

/** The engine itself does not answer. Tasks keep their state until it does. */
export class BackendUnavailableError extends Error {
  override readonly name = 'BackendUnavailableError';
}

export interface Backend {
  readonly name: string;
  /** Left out where tasks can't be on networks: such a task is rejected. */
  readonly sandboxes?: Sandboxes;
  /** Images pulled since it was made, where tasks have images. */
  readonly imagesPulled?: number;
  /** Hostname, platform, resources, engine: what the node reports when it joins. Labels are the agent's to add. */
  describe(): Promise<Omit<NodeDescription, 'labels'>>;
  /** Where an engine may hang: throws BackendUnavailableError when it does not answer within seconds. */
  ping?(): Promise<void>;
  /**
   * Makes a task ready to start: image present, container created. Idempotent by task id: a second call finds
   * the first one's work. Throws RejectedError when it can never succeed.
   */
  prepare(order: TaskOrder, options?: PrepareOptions): Promise<RunState>;
  /** Starts what was prepared; does nothing when it runs already or has ended. */
  start(taskId: string, options?: CallOptions): Promise<RunState>;
  /** Stops politely, then by force after the grace period of its spec. Resolves when it is down. No such task: resolves. */
  stop(taskId: string): Promise<void>;
  /** Removes every trace of the task, stopping it by force if it runs. No such task: resolves. */
  remove(taskId: string): Promise<void>;
  /**
   * Every task of this node, and nothing of anybody else's, as after a restart of the agent. One of which nothing can be
   * told is in it all the same, and keeps the others from nothing.
   */
  list(): Promise<readonly RunState[]>;
  inspect(taskId: string): Promise<RunState | undefined>;
  /**
   * Calls back whenever a task changes (started, exited, or started again by somebody else), until stopped. `onLost` is called when events may have
   * been missed (engine gone); the caller then lists again, once `describe` answers.
   */
  watch(options: {
    readonly onChange: (state: RunState) => void;
    readonly onLost: (error: Error) => void;
  }): Promise<{ stop(): Promise<void> }>;
  logs(taskId: string, options: LogOptions): AsyncIterable<LogChunk>;
  /** Given up, it rejects with the signal's reason, and what of the command can be ended is. */
  exec(taskId: string, command: readonly string[], options?: CallOptions): Promise<ExecResult>;
  /** Nodes inside this one; only a cluster has any. */
  children(): Promise<readonly string[]>;
  /** The escape hatch: a request in the backend's own terms, with its answer. Throws when it has none. */
  raw(request: unknown): Promise<unknown>;
  close(): Promise<void>;
}
