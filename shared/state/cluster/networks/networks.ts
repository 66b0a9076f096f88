// The cluster's networks, and which tasks wait for addresses on them.
import type { Network } from './network.ts';

export class Networks {
  /** With those that were removed and of which something is held. */
  readonly byId = new Map<string, Network>();
  /** Tasks that are to run, are on networks, and have no addresses there; by the node that they were given to. */
  readonly waiting = new Map<string, Set<string>>();
  /** Nodes that have a number, by it. */
  readonly nodeIdByNumber = new Map<number, string>();
  /** Removed ones of which nothing is held any more. */
  readonly emptied = new Set<Network>();

  noteWaiting(nodeId: string, taskId: string, waits: boolean): void {
    const tasks = this.waiting.get(nodeId);
    if (!waits) {
      if (tasks?.delete(taskId) && tasks.size === 0) this.waiting.delete(nodeId);
    } else if (tasks) tasks.add(taskId);
    else this.waiting.set(nodeId, new Set([taskId]));
  }
}
