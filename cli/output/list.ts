// Lists as Docker prints them: a table, one JSON object a line, or a Go template for each item.
import { ownValue } from '@muster/model';
import { plainFields, plainJson, plainText } from './plain-text.ts';
import { layOutTable } from './table.ts';
import { compileTemplate } from './template.ts';

export interface Column {
  /** Docker's placeholder: `.Name`. */
  readonly field: string;
  readonly header: string;
  /** May be cut to fit the terminal. */
  readonly flexible?: boolean;
}

export interface ListOptions {
  /** `table`, `json`, `table TEMPLATE` or TEMPLATE. */
  readonly format?: string | undefined;
  readonly quiet?: boolean | undefined;
  readonly width?: number | undefined;
}

export type Item = Readonly<Record<string, unknown>>;

/**
 * `columns` are the table's. `headers` name the fields that only templates use. Every item has every field, as text,
 * and `ID`, which is what --quiet prints.
 */
export function printList(
  items: readonly Item[],
  columns: readonly Column[],
  headers: Readonly<Record<string, string>>,
  { format = 'table', quiet = false, width }: ListOptions,
): string {
  if (quiet && (format === 'table' || format.startsWith('table ')))
    return items.map(({ ID }) => `${plainText(String(ID))}\n`).join('');
  if (format === 'json') return items.map((item) => `${plainJson(sortKeys(item))}\n`).join('');
  if (format === 'table') {
    const rows = items.map((item) => columns.map(({ field }) => String(ownValue(item, field) ?? '')));
    const flexible = columns.flatMap((column, index) => (column.flexible ? [index] : []));
    return layOutTable([columns.map(({ header }) => header), ...rows], { flexible, width });
  }
  const named = { ...headers, ...Object.fromEntries(columns.map(({ field, header }) => [field, header])) };
  return format.startsWith('table ')
    ? printTemplateTable(items, named, format.slice('table '.length).trim())
    : printTemplate(items, format);
}

function printTemplateTable(items: readonly Item[], headers: Item, format: string): string {
  const template = compileTemplate(format);
  const rows = [headers, ...items.map(plainFields)].map((item) => template(item).split('\t'));
  return layOutTable(rows);
}

function printTemplate(items: readonly Item[], format: string): string {
  const template = compileTemplate(format);
  return items.map((item) => `${template(plainFields(item))}\n`).join('');
}

function sortKeys(item: Item): Item {
  return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}
