// What a log has lost, told by comparing the fold that had read it with the fold of what it is now. Pure.
import { basisOf, type ClusterState, digestAt } from '@muster/state';
import type { RecentIntents } from './recent-intents.ts';

/** A fold, or what is left of one: enough to tell where another one parts from it. */
export interface Folded {
  readonly state: Pick<ClusterState, 'head' | 'digests' | 'basisOffset'>;
  readonly recent: RecentIntents;
}

export interface Lost {
  /** The last sequence that both have in common; 0 when it is too long ago to be known. */
  readonly after: number;
  /** The last sequence that had been read. */
  readonly to: number;
  /** The highest basis of a command that can follow from it. */
  readonly basis: number;
  /** Those that are in the log no more, not in other words and not at another place. */
  readonly intents: readonly { readonly seq: number; readonly subject: string }[];
}

/** Undefined when nothing is lost. */
export function findLost(before: Folded, now: Folded): Lost | undefined {
  const after = findCommon(before.state, now.state);
  const to = before.state.head;
  if (after === to) return undefined;
  const found = new Map<string, number>();
  for (const intent of now.recent.after(after)) found.set(keyOf(intent), (found.get(keyOf(intent)) ?? 0) + 1);
  const intents: { seq: number; subject: string }[] = [];
  for (const intent of before.recent.after(after)) {
    const again = found.get(keyOf(intent)) ?? 0;
    if (again > 0) found.set(keyOf(intent), again - 1);
    else intents.push({ seq: intent.seq, subject: intent.subject });
  }
  return { after, to, basis: basisOf(before.state, to), intents };
}

function keyOf({ subject, sum }: { readonly subject: string; readonly sum: number }): string {
  return `${subject} ${sum}`;
}

/** Digests that differ stay different, so that those of the same records stand at the beginning. */
function findCommon(one: Folded['state'], other: Folded['state']): number {
  for (let seq = Math.min(one.head, other.head); seq > 0; seq -= 1) {
    const [a, b] = [digestAt(one, seq), digestAt(other, seq)];
    if (a === undefined || b === undefined) return 0;
    if (a === b) return seq;
  }
  return 0;
}
