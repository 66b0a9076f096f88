// Runs files of vectors, facts about Swarm, through the code that is to agree with them. A row whose subject doesn't
// exist yet is skipped with the reason, never in silence.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Row, Subject } from './subject.ts';
import { subjectByFile } from './subject-by-file.ts';

export interface VectorFile {
  readonly file: string;
  readonly rows: readonly Row[];
  /** Undefined when nothing here knows what the rows are about. */
  readonly subject: Subject | undefined;
}

export type Verdict =
  | { readonly verdict: 'passed' }
  | { readonly verdict: 'failed'; readonly expected: unknown; readonly got: unknown }
  | { readonly verdict: 'skipped'; readonly reason: string };

export interface Summary {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly { readonly case: string; readonly expected: unknown; readonly got: unknown }[];
  readonly skips: readonly { readonly case: string; readonly reason: string }[];
}

export function readVectors(path: string): VectorFile {
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: Row[] };
  const file = basename(path);
  return { file, rows: cases, subject: subjectByFile.get(file) };
}

/** Returns a function that judges the rows; call it for each, in their order. */
export function startRun({ subject }: VectorFile): (row: Row) => Verdict {
  if (!subject) return () => ({ verdict: 'skipped', reason: 'nothing here is about this file' });
  const run = subject.start();
  return (row) => {
    const reason = subject.skip?.(row);
    if (reason !== undefined) return { verdict: 'skipped', reason };
    const expected = subject.expect ? subject.expect(row) : row.expect;
    let got: unknown;
    try {
      got = run(row);
    } catch (error) {
      got = { thrown: String(error) };
    }
    const accepts = subject.accepts ?? isDeepStrictEqual;
    return accepts(got, expected) ? { verdict: 'passed' } : { verdict: 'failed', expected, got };
  };
}

export function summarise(vectors: VectorFile): Summary {
  const judge = startRun(vectors);
  const verdicts = vectors.rows.map((row, index) => ({ case: nameRow(row, index), ...judge(row) }));
  const failures = verdicts.flatMap(({ case: name, ...verdict }) =>
    verdict.verdict === 'failed' ? [{ case: name, expected: verdict.expected, got: verdict.got }] : [],
  );
  const skips = verdicts.flatMap(({ case: name, ...verdict }) =>
    verdict.verdict === 'skipped' ? [{ case: name, reason: verdict.reason }] : [],
  );
  return {
    file: vectors.file,
    passed: verdicts.length - failures.length - skips.length,
    failed: failures.length,
    skipped: skips.length,
    failures,
    skips,
  };
}

/** Its place in the file, and its name where it has one. */
export function nameRow(row: Row, index: number): string {
  const name = row.name ?? row.expr;
  return typeof name === 'string' ? `#${index} ${name}` : `#${index}`;
}
