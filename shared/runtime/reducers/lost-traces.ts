// Subjects with a last record that is folded and has left no trace in the state: that is the one to be expected there. Known until
// nothing more is to be decided.
import type { Log } from '@muster/log';
import { findLastSeq } from '../following/find-last-seq.ts';

export interface LostTraces {
  /** What is to be expected on the subject, where the state knows of `known`. */
  expected(subject: string, known: number): number;
  note(subject: string, seq: number): void;
  /** Finds what has won there, where nothing came that could have: it was folded before. */
  recall(subjects: readonly string[], head: number): Promise<void>;
  forget(): void;
}

export function createLostTraces(log: Log): LostTraces {
  const seqs = new Map<string, number>();
  return {
    expected: (subject, known) => Math.max(known, seqs.get(subject) ?? 0),
    note: (subject, seq) => seqs.set(subject, seq),
    async recall(subjects, head) {
      for (const subject of subjects) {
        const seq = await findLastSeq(log, subject, head).catch(() => undefined);
        if (seq !== undefined) seqs.set(subject, seq);
      }
    },
    forget: () => seqs.clear(),
  };
}
