// Intents that wait for their verdict, by the team and the name they are about. About one name they are judged in the
// order of the log, whoever asked: each must see what became of the one before.
import type { IntentFact } from '@muster/events';
import { type ClusterState, foldName } from '@muster/state';

export interface WaitingIntents {
  /** Takes in what was folded since; everything at first. The names that have new ones. */
  follow(state: ClusterState): Iterable<string>;
  /** The next of this name. */
  first(state: ClusterState, name: string): IntentFact | undefined;
}

interface Line {
  readonly seqs: number[];
  /** Those before it have their verdicts. */
  next: number;
}

export function followIntents(): WaitingIntents {
  const lines = new Map<string, Line>();
  let head: number | undefined;

  function add(intent: IntentFact): string {
    const name = nameOf(intent);
    const line = lines.get(name);
    if (line) line.seqs.push(intent.seq);
    else lines.set(name, { seqs: [intent.seq], next: 0 });
    return name;
  }

  return {
    follow(state) {
      const names = new Set<string>();
      if (head === undefined) for (const intent of state.intents.values()) names.add(add(intent));
      else {
        for (let seq = head + 1; seq <= state.head; seq += 1) {
          const intent = state.intents.get(seq);
          if (intent) names.add(add(intent));
        }
      }
      head = state.head;
      return names;
    },
    first({ intents }, name) {
      const line = lines.get(name);
      if (!line) return undefined;
      for (; line.next < line.seqs.length; line.next += 1) {
        const intent = intents.get(line.seqs[line.next]!);
        if (intent) return intent;
      }
      lines.delete(name);
      return undefined;
    },
  };
}

/** What an intent is about, as `foldName` has it; one that names nothing is about itself. */
export function nameOf(intent: IntentFact): string {
  return foldName(intent.team, intent.name ?? nameInBody(intent) ?? `#${intent.seq}`);
}

function nameInBody({ body }: IntentFact): string | undefined {
  const { name } = (body ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
