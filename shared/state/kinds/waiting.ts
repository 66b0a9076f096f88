// What waits for a verdict: intents, and records that are no events. It counts for the hash by where it stands in the log: what
// is wrong with it is said in the words of a JSON parser or of a schema library, which may change from one version of them to
// the next; the state may not.
import type { IntentFact } from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';
import { defineKind } from './kind.ts';

export const intent = defineKind<readonly [IntentFact]>({
  *list({ intents }) {
    for (const fact of intents.values()) yield [fact];
  },
  restore({ intents }, [fact]) {
    intents.add({ ...fact, body: fact.body, error: fact.error, name: fact.name });
  },
  hashed: ([{ seq }]) => [seq],
});

type Poison = ClusterState['poison'] extends Map<number, infer Value> ? Value : never;

export const poison = defineKind<readonly [seq: number, poison: Poison]>({
  list: ({ poison: records }) => records,
  restore({ poison: records }, [seq, record]) {
    records.set(seq, record);
  },
  hashed: ([seq]) => [seq],
});
