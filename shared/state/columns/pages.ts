// Rows of numbers in pages of typed arrays. A million rows are a few thousand objects to the garbage collector, growing
// copies nothing, and whoever needs the rows as they are now (a snapshot) gets its pages one by one,
// copied only when they are about to change.

export const PAGE_ROWS = 1024;
const PAGE_BITS = 10;
const AT_MASK = PAGE_ROWS - 1;

/** How many columns of each sort a row has. */
export interface Shape {
  /** 64-bit floats: log sequences, times. */
  readonly wide: number;
  /** 32-bit integers: states, counts, rows of other tables. Column 0 is never 0 in a row that is in use. */
  readonly narrow: number;
  /** Anything else. A page has none of a column until a row of it needs it. */
  readonly loose: number;
}

/** Row after row: what changes together lies together. */
export interface Page {
  readonly wide: Float64Array;
  readonly narrow: Int32Array;
  readonly loose: (unknown[] | undefined)[];
  /** Told before the page changes for the first time since they asked. */
  readers: ((page: Page) => void)[] | undefined;
}

/** Rows are numbered from 1: 0 says "none" wherever a row is named. */
export class Table {
  readonly pages: Page[] = [];
  private readonly free: number[] = [];
  private used = 1;

  constructor(readonly shape: Shape) {}

  take(): number {
    const row = this.free.pop() ?? this.used++;
    if (row >>> PAGE_BITS === this.pages.length) this.pages.push(createPage(this.shape));
    return row;
  }

  release(row: number): void {
    const { wide, narrow, loose } = editPage(this.pageOf(row));
    const at = atOf(row);
    wide.fill(0, at * this.shape.wide, (at + 1) * this.shape.wide);
    narrow.fill(0, at * this.shape.narrow, (at + 1) * this.shape.narrow);
    for (const column of loose) if (column) column[at] = undefined;
    this.free.push(row);
  }

  pageOf(row: number): Page {
    return this.pages[row >>> PAGE_BITS]!;
  }

  /** Every row in use, by number. A captured page may be exchanged for its copy meanwhile: each row is asked anew. */
  *rows(): Generator<number> {
    const { narrow: width } = this.shape;
    for (let index = 0; index < this.pages.length; index += 1) {
      for (let at = 0; at < PAGE_ROWS; at += 1) {
        if (this.pages[index]!.narrow[at * width] !== 0) yield index * PAGE_ROWS + at;
      }
    }
  }

  /** The same pages as they are now, whatever becomes of them. `release` ends what that costs. */
  capture(): { readonly table: Table; release(): void } {
    const captured = new Table(this.shape);
    const readers = this.pages.map((page, index) => {
      captured.pages.push(page);
      const keep = () => {
        captured.pages[index] = copyPage(page);
      };
      page.readers = [...(page.readers ?? []), keep];
      return keep;
    });
    return {
      table: captured,
      release: () => {
        for (const [index, keep] of readers.entries()) {
          const page = this.pages[index]!;
          const left = page.readers?.filter((reader) => reader !== keep);
          page.readers = left?.length ? left : undefined;
        }
      },
    };
  }

  /** Takes a page that was written down, at its old place. Call `adopt` after the last. */
  putPage(index: number, page: Page): void {
    this.pages[index] = page;
  }

  /** Makes the pages' unused rows free. */
  adopt(): void {
    this.used = Math.max(1, this.pages.length * PAGE_ROWS);
    for (let row = this.used - 1; row > 0; row -= 1) {
      if (this.pageOf(row).narrow[atOf(row) * this.shape.narrow] === 0) this.free.push(row);
    }
  }
}

export function atOf(row: number): number {
  return row & AT_MASK;
}

/** The page, to be changed. */
export function editPage(page: Page): Page {
  if (page.readers !== undefined) {
    const { readers } = page;
    page.readers = undefined;
    for (const tell of readers) tell(page);
  }
  return page;
}

export function readLoose(page: Page, column: number, at: number): unknown {
  return page.loose[column]?.[at];
}

export function writeLoose(page: Page, column: number, at: number, value: unknown): void {
  let values = page.loose[column];
  if (values === undefined) {
    if (value === undefined) return;
    values = new Array(PAGE_ROWS).fill(undefined);
    page.loose[column] = values;
  }
  values[at] = value;
}

function createPage({ wide, narrow, loose }: Shape): Page {
  return {
    wide: new Float64Array(wide * PAGE_ROWS),
    narrow: new Int32Array(narrow * PAGE_ROWS),
    loose: new Array(loose).fill(undefined),
    readers: undefined,
  };
}

function copyPage({ wide, narrow, loose }: Page): Page {
  return {
    wide: wide.slice(),
    narrow: narrow.slice(),
    loose: loose.map((column) => column?.slice()),
    readers: undefined,
  };
}
