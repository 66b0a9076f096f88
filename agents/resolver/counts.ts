// What a resolver counts, since it started.

/** Queries by how they were answered; a query is of one kind. */
export type Queries = {
  answered: number;
  empty: number;
  unknown: number;
  forwarded: number;
  refused: number;
  malformed: number;
  failed: number;
};

/** What went wrong, by what it was. */
export type Failures = {
  'not-told': number;
  'upstream-silent': number;
  'upstream-failed': number;
  'no-upstream': number;
  'too-many': number;
  'not-sent': number;
  'broken-file': number;
};

export interface Counts {
  readonly queries: Queries;
  readonly failures: Failures;
  /** Time that upstreams took to answer, all of it. */
  upstreamMs: number;
}

export function createCounts(): Counts {
  return {
    queries: { answered: 0, empty: 0, unknown: 0, forwarded: 0, refused: 0, malformed: 0, failed: 0 },
    failures: {
      'not-told': 0,
      'upstream-silent': 0,
      'upstream-failed': 0,
      'no-upstream': 0,
      'too-many': 0,
      'not-sent': 0,
      'broken-file': 0,
    },
    upstreamMs: 0,
  };
}
