// Intents that wait for their verdict, as what they are about: the next one of each key.
import { DEFAULT_TEAM } from '@muster/model';
import type { LookedAfter, RecordLimit } from '@muster/runtime';
import { decidedKey } from '../decided-key.ts';
import { admit } from './admit.ts';
import { createIntentQueue } from './intent-queue.ts';

export function admitIntents(maxRecordBytes: RecordLimit): LookedAfter {
  const queue = createIntentQueue();

  return {
    name: 'intents',
    perRound: 512,
    tenantOf: (state, key) => queue.first(state, key)?.team ?? DEFAULT_TEAM,
    *concerned(state, changes) {
      for (const seq of changes.intents) {
        const intent = state.intents.get(seq);
        if (intent) yield queue.add(intent);
      }
    },
    decided: decidedKey,
    look(state, key) {
      const intent = queue.first(state, key);
      return intent && admit(state, intent, maxRecordBytes());
    },
  };
}
