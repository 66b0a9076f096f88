// Long answers in pages that fit one message. A cursor is the key of the last item sent, so that a list that changes
// between two pages neither repeats nor skips what stays. Pure.

/** A page's size, well below a server's usual limit of 1 MiB for one message. */
const MAX_PAGE_BYTES = 512 * 1024;
/** Of an answer, beside its items. */
const FRAME_BYTES = 1024;

/** What a page may hold where a message holds so much. */
export function measurePage(maxMessageBytes: number): number {
  return Math.min(MAX_PAGE_BYTES, maxMessageBytes - FRAME_BYTES);
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface Page<T> {
  readonly items: T[];
  /** The cursor of the next page; undefined on the last. */
  readonly next: string | undefined;
}

/** `entries` are in the order of their keys. `view` is called for the items of the page only. */
export function pageByKey<T, V>(
  entries: readonly { readonly key: string; readonly of: T }[],
  { cursor, limit = Number.POSITIVE_INFINITY }: PageRequest,
  view: (of: T) => V,
  maxBytes = MAX_PAGE_BYTES,
): Page<V> {
  const items: V[] = [];
  let bytes = 0;
  let last: string | undefined;
  for (const { key, of } of entries) {
    if (cursor !== undefined && key <= cursor) continue;
    if (items.length >= limit) return { items, next: last };
    const item = view(of);
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
    // One item is always sent: without it the list would never go on.
    if (bytes > maxBytes && items.length > 0) return { items, next: last };
    items.push(item);
    last = key;
  }
  return { items, next: undefined };
}

export function sortByKey<T>(objects: Iterable<T>, keyOf: (object: T) => string): { key: string; of: T }[] {
  const entries: { key: string; of: T }[] = [];
  for (const of of objects) entries.push({ key: keyOf(of), of });
  return entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** A number as text that sorts as numbers do. */
export function sortable(number: number): string {
  return String(number).padStart(12, '0');
}
