// Docker's tables: no borders, columns three apart and ten wide at least, the last one as long as it is. (cli-table3
// lays out ten thousand tasks in twelve seconds; this takes milliseconds.) Pure.
import { plainText } from './plain-text.ts';

const GAP = 3;
const MIN_WIDTH = 10;
/** A column is not cut below this. */
const MIN_CUT = 12;

export interface TableOptions {
  /** The columns that may be cut to fit, by index; none when left out. */
  readonly flexible?: readonly number[];
  /** Columns of the terminal; nothing is cut when undefined. */
  readonly width?: number | undefined;
}

/** Rows of equal length; the first is the header. */
export function layOutTable(content: readonly (readonly string[])[], options: TableOptions = {}): string {
  const rows = content.map((row) => row.map(plainText));
  const lengths = fitLengths(measureColumns(rows), options);
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, index) => placeCell(cell, index, row.length, lengths))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

function measureColumns(rows: readonly (readonly string[])[]): number[] {
  const lengths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) lengths[index] = Math.max(lengths[index] ?? 0, lengthOf(cell));
  }
  return lengths;
}

/** Cuts the longest flexible column, again and again, until the table fits. */
function fitLengths(lengths: readonly number[], { flexible = [], width }: TableOptions): number[] {
  const fitted = [...lengths];
  if (width === undefined) return fitted;
  for (;;) {
    const excess = tableWidth(fitted) - width;
    const longest = flexible.reduce<number | undefined>(
      (best, index) => (best === undefined || fitted[index]! > fitted[best]! ? index : best),
      undefined,
    );
    if (excess <= 0 || longest === undefined || fitted[longest]! <= MIN_CUT) return fitted;
    fitted[longest] = fitted[longest]! - 1;
  }
}

function tableWidth(lengths: readonly number[]): number {
  return lengths.reduce(
    (sum, length, index) => sum + (index === lengths.length - 1 ? length : Math.max(MIN_WIDTH, length + GAP)),
    0,
  );
}

function placeCell(cell: string, index: number, count: number, lengths: readonly number[]): string {
  const text = cutText(cell, lengths[index]!);
  if (index === count - 1) return text;
  return text + ' '.repeat(Math.max(MIN_WIDTH, lengths[index]! + GAP) - lengthOf(text));
}

export function cutText(text: string, length: number): string {
  if (lengthOf(text) <= length) return text;
  return `${[...text].slice(0, Math.max(0, length - 1)).join('')}…`;
}

function lengthOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: every character that is one column wide for certain.
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length;
}
