// Intents that wait for their verdict, by what they are about: a kind, and in its team a name. About one thing they are judged
// in the order of the log, whoever asked: each must see what became of the one before. A service's also see what became of
// what was asked of networks before them: it may be on one of those.
import type { IntentFact } from '@muster/events';
import type { ClusterState } from '@muster/state';
import { keyOfIntent } from '../object-key.ts';

export interface IntentQueue {
  /** The key of what the intent is about. */
  add(intent: IntentFact): string;
  /** The next about it. */
  first(state: ClusterState, key: string): IntentFact | undefined;
  /** Whether something else that was asked before has to have its verdict first. */
  mustWait(state: ClusterState, intent: IntentFact): boolean;
}

interface Queue {
  readonly seqs: number[];
  /** Those before it have their verdicts. */
  next: number;
}

export function createIntentQueue(): IntentQueue {
  const queues = new Map<string, Queue>();
  /** Intents about networks. */
  const ofNetworks = new Set<number>();

  return {
    add(intent) {
      const key = keyOfIntent(intent);
      if (intent.kind === 'network') ofNetworks.add(intent.seq);
      const queue = queues.get(key);
      if (queue) queue.seqs.push(intent.seq);
      else queues.set(key, { seqs: [intent.seq], next: 0 });
      return key;
    },
    first({ intents }, key) {
      const queue = queues.get(key);
      if (!queue) return undefined;
      for (; queue.next < queue.seqs.length; queue.next += 1) {
        const intent = intents.get(queue.seqs[queue.next]!);
        if (intent) return intent;
      }
      queues.delete(key);
      return undefined;
    },
    mustWait({ intents }, { kind, seq, team }) {
      if (kind !== 'service') return false;
      for (const before of ofNetworks) {
        const open = intents.get(before);
        if (!open) ofNetworks.delete(before);
        else if (before < seq && open.team === team) return true;
      }
      return false;
    },
  };
}
