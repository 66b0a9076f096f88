// The commands as a port: for each task on a node, the last command only. Written by the dispatcher under
// compare-and-set; read whole, then followed, by the node's agent (and by the dispatcher itself).
import type { AppendResult, Following } from './log.ts';

export interface CommandRecord {
  readonly nodeId: string;
  readonly taskId: string;
  readonly seq: number;
  readonly data: Uint8Array;
}

export interface FollowCommandsOptions {
  /** One node's commands; every node's when left out. */
  readonly nodeId?: string;
  readonly onCommand: (record: CommandRecord) => void;
  /** Called once, when the set stored at the time of the call has been delivered. */
  readonly onCaughtUp: () => void;
  readonly onError: (error: Error) => void;
}

export interface PutCommandOptions {
  /** The sequence of the task's command to be replaced; 0 when there is none, or it was a tombstone that is gone. */
  readonly expectLastSeq: number;
  /** At least 1000: makes the command a tombstone that goes by itself, without followers being told. */
  readonly ttlMs?: number;
}

export interface CommandStore {
  /** Replaces the command of a task. Retries and throws as `Log.append` does. */
  put(nodeId: string, taskId: string, data: Uint8Array, options: PutCommandOptions): Promise<AppendResult>;
  /**
   * The last command of each task, then every later one. A follower that falls behind, or was away, may miss
   * commands that were replaced meanwhile; never the last one of a task.
   */
  follow(options: FollowCommandsOptions): Promise<Following>;
}
