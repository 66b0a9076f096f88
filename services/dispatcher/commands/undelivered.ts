// Tasks that their node can't be told of, as the command writer says, and what is to be said of it in the log. Pure.
import { ENVELOPE_BYTES, type EventDraft, sizeOfText } from '@muster/events';
import { TaskState } from '@muster/model';
import { type ClusterNode, undeliveredError } from '@muster/state';

export interface Undelivered {
  /** Undefined when it can be told after all. Returns when the node is to be looked at, if it is. */
  note(nodeId: string, taskId: string, reason: string | undefined, now: number): number | undefined;
  /** What the log says by now needs not be told any more. */
  follow(node: ClusterNode): void;
  /** It is no part of the cluster any more. */
  forget(nodeId: string): void;
  /** Of one reason, as many tasks as an event of so many bytes may list. */
  tell(node: ClusterNode, cause: number, now: number, maxRecordBytes: number): EventDraft | undefined;
}

/** Tasks of one node fail together: they are told of together. */
const TELL_AFTER_MS = 250;

interface Entry {
  readonly reason: string;
  /** The log has said so. Another copy may have another reason: that is no reason to say it again. */
  told: boolean;
}

interface OfNode {
  readonly tasks: Map<string, Entry>;
  tellAt: number;
}

export function createUndelivered(): Undelivered {
  const byNode = new Map<string, OfNode>();

  function forget(nodeId: string, taskId: string): void {
    const tasks = byNode.get(nodeId)?.tasks;
    if (tasks?.delete(taskId) && tasks.size === 0) byNode.delete(nodeId);
  }

  return {
    note(nodeId, taskId, reason, now) {
      if (reason === undefined) {
        forget(nodeId, taskId);
        return undefined;
      }
      const known = byNode.get(nodeId);
      if (known?.tasks.get(taskId)?.reason === reason) return undefined;
      const ofNode = known ?? { tasks: new Map(), tellAt: Number.NEGATIVE_INFINITY };
      byNode.set(nodeId, ofNode);
      ofNode.tasks.set(taskId, { reason, told: false });
      if (ofNode.tellAt > now) return undefined;
      ofNode.tellAt = now + TELL_AFTER_MS;
      return ofNode.tellAt;
    },
    follow(node) {
      for (const [taskId, entry] of byNode.get(node.id)?.tasks ?? []) {
        // What the node has spoken of itself is none of ours any more.
        if (!isUnspoken(node, taskId)) forget(node.id, taskId);
        else if (hasBeenTold(node, taskId, entry)) entry.told = true;
      }
    },
    forget(nodeId) {
      byNode.delete(nodeId);
    },
    tell(node, cause, now, maxRecordBytes) {
      const ofNode = byNode.get(node.id);
      if (!ofNode || now < ofNode.tellAt) return undefined;
      let reason: string | undefined;
      let room = maxRecordBytes - ENVELOPE_BYTES - sizeOfText(node.id);
      const tasks: string[] = [];
      for (const [taskId, entry] of ofNode.tasks) {
        const { reason: why, told } = entry;
        if (told || !isUnspoken(node, taskId) || hasBeenTold(node, taskId, entry)) continue;
        if (reason === undefined) room -= sizeOfText(why);
        reason ??= why;
        if (why !== reason) continue;
        room -= sizeOfText(taskId) + 1;
        if (room < 0) break;
        tasks.push(taskId);
      }
      if (reason === undefined || tasks.length === 0) return undefined;
      return { type: 'tasks.undelivered', cause, nodeId: node.id, tasks, reason };
    },
  };
}

function isUnspoken({ tasks }: ClusterNode, taskId: string): boolean {
  return tasks.get(taskId)?.observed === TaskState.ASSIGNED;
}

function hasBeenTold({ tasks }: ClusterNode, taskId: string, { reason }: Entry): boolean {
  return tasks.get(taskId)?.err === undeliveredError(reason);
}
