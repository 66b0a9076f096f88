// What is shared among copies, and judged in turn: a kind of object, and in its team a name, whatever its case.
import type { IntentFact } from '@muster/events';
import { foldName } from '@muster/state';

/** Services came first: what copies of an older build go by has no kind in it. */
export function objectKey(kind: string, team: string, name: string): string {
  const folded = foldName(team, name);
  return kind === 'service' ? folded : `${kind}:${folded}`;
}

/** What an intent is about; one that names nothing is about itself. */
export function keyOfIntent(intent: IntentFact): string {
  const { kind, team, name, seq } = intent;
  return objectKey(kind, team, name ?? nameInBody(intent) ?? `#${seq}`);
}

function nameInBody({ body }: IntentFact): string | undefined {
  const { name } = (body ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
