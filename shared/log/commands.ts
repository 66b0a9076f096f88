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

export interface CommandStore {
  /** Replaces the command of a task. `ttlMs` (at least 1000) makes it a tombstone that goes by itself. */
  put(
    nodeId: string,
    taskId: string,
    data: Uint8Array,
    options: { readonly expectLastSeq: number; readonly ttlMs?: number },
  ): Promise<AppendResult>;
  /** The last command of each task, then every later one. */
  follow(options: FollowCommandsOptions): Promise<Following>;
}
