// Intents that wait for their verdict, as what they are about: the next one of each key.
import type { IntentFact } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import type { LookedAfter, RecordLimit } from '@muster/runtime';
import { decidedKey } from '../decided-key.ts';
import { admit } from './admit.ts';
import { createIntentQueue } from './intent-queue.ts';

export function admitIntents(maxRecordBytes: RecordLimit): LookedAfter {
  const queue = createIntentQueue();
  /** Those that others go before, and what they are about. */
  const behind = new Map<IntentFact, string>();

  return {
    name: 'intents',
    perRound: 512,
    tenantOf: (state, key) => queue.first(state, key)?.team ?? DEFAULT_TEAM,
    *concerned(state, changes) {
      for (const seq of changes.intents) {
        const intent = state.intents.get(seq);
        if (!intent) continue;
        const key = queue.add(intent);
        if (queue.mustWait(state, intent)) behind.set(intent, key);
        else yield key;
      }
      for (const [intent, key] of behind) {
        if (queue.mustWait(state, intent)) continue;
        behind.delete(intent);
        yield key;
      }
    },
    decided: decidedKey,
    look(state, key) {
      const intent = queue.first(state, key);
      if (!intent || queue.mustWait(state, intent)) return undefined;
      return admit(state, intent, maxRecordBytes());
    },
  };
}
