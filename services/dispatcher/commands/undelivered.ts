// Tasks that their node can't be told of, as the command writer says, and what is to be said of it in the log. Pure.
import { ENVELOPE_BYTES, type EventDraft, sizeOfText } from '@muster/events';
import { TaskState } from '@muster/model';
import { type ClusterNode, undeliveredError } from '@muster/state';

export interface Undelivered {
  /** Undefined when it can be told after all. Returns when the node is to be looked at, if it is. */
  note(nodeId: string, taskId: string, reason: string | undefined, now: number): number | undefined;
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

  /** Those that the log has to be told of. What the node has spoken of itself is none of ours any more. */
  function* listUntold(node: ClusterNode, tasks: OfNode['tasks']): Generator<[string, string]> {
    for (const [taskId, entry] of tasks) {
      const task = node.tasks.get(taskId);
      if (task?.observed !== TaskState.ASSIGNED) forget(node.id, taskId);
      else if (task.err === undeliveredError(entry.reason)) entry.told = true;
      else if (!entry.told) yield [taskId, entry.reason];
    }
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
    forget(nodeId) {
      byNode.delete(nodeId);
    },
    tell(node, cause, now, maxRecordBytes) {
      const ofNode = byNode.get(node.id);
      if (!ofNode || now < ofNode.tellAt) return undefined;
      let reason: string | undefined;
      let room = maxRecordBytes - ENVELOPE_BYTES - sizeOfText(node.id);
      const tasks: string[] = [];
      for (const [taskId, why] of listUntold(node, ofNode.tasks)) {
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
