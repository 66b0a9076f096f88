/** One case of a file, as it stands there. */
export type Row = Readonly<Record<string, unknown>>;

/** What the rows of a file are about, and how our code is asked. */
export interface Subject {
  /** Why a row can't be asked yet; undefined when it can. */
  skip?(row: Row): string | undefined;
  /** Returns a function that answers the rows, in their order. */
  start(): (row: Row) => unknown;
  /** What the answer should be; by default the row's `expect`. */
  expect?(row: Row): unknown;
  /** By default the two must be deeply equal. */
  accepts?(got: unknown, expected: unknown): boolean;
}
