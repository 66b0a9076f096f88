// `muster top` in columns, and the cluster in one line. Pure.
import type { Status } from '@muster/api';
import { formatMemory, ownValue } from '@muster/model';
import { compareVersions } from '../doctor/held-back.ts';
import type { Column, Item } from '../output/list.ts';
import { plainText } from '../output/plain-text.ts';
import { layOutTable } from '../output/table.ts';
import type { TopRow } from './compare.ts';
import type { Look } from './look.ts';

interface TopColumn extends Column {
  /** The first to go when the terminal is narrow has the highest. */
  readonly dispensable: number;
}

export const topColumns: readonly TopColumn[] = [
  { field: 'Role', header: 'ROLE', dispensable: 0 },
  { field: 'Copy', header: 'COPY', dispensable: 7 },
  { field: 'Host', header: 'HOST', dispensable: 8, flexible: true },
  { field: 'PID', header: 'PID', dispensable: 5 },
  { field: 'Version', header: 'VERSION', dispensable: 10 },
  { field: 'Head', header: 'HEAD', dispensable: 9 },
  { field: 'Lag', header: 'LAG', dispensable: 0 },
  { field: 'Folds', header: 'FOLDS/S', dispensable: 6 },
  { field: 'Decisions', header: 'DECISIONS/S', dispensable: 0 },
  { field: 'Conflicts', header: 'CONFLICTS/S', dispensable: 4 },
  { field: 'RoundTrip', header: 'P99', dispensable: 0 },
  { field: 'Queue', header: 'QUEUE', dispensable: 1 },
  { field: 'CPUPerc', header: 'CPU %', dispensable: 2 },
  { field: 'MemUsage', header: 'MEM', dispensable: 3 },
  { field: 'Status', header: 'STATUS', dispensable: 0, flexible: true },
];

export function showTopRow(row: TopRow): Item {
  return {
    ID: `${row.host}/${row.pid}/${row.role}/${row.copy}`,
    Role: row.role,
    Copy: row.copy,
    Host: row.host,
    PID: String(row.pid),
    Version: row.version,
    Head: row.head === undefined ? '-' : String(row.head),
    Lag: row.lag === undefined ? '-' : String(row.lag),
    Folds: showRate(row.foldsPerSec),
    Decisions: showRate(row.decisionsPerSec),
    Conflicts: showRate(row.conflictsPerSec),
    RoundTrip: showMs(row.roundTripP99Ms),
    Queue: String(row.waiting),
    CPUPerc: row.cpuShare === undefined ? '-' : `${(100 * row.cpuShare).toFixed(1)}%`,
    MemUsage: formatMemory(row.memoryBytes),
    Status: row.trouble ?? 'ready',
  };
}

/** Where even what is needed most leaves no room. */
const LAST_TO_GO = 0.5;

/** As many columns as fit, as many rows as there is room for. */
export function layOutTop(
  items: readonly Item[],
  { width, height }: { readonly width?: number | undefined; readonly height?: number | undefined },
): string {
  const shown = height === undefined ? items : items.slice(0, Math.max(1, height));
  const telling = tellApart(shown);
  let columns = topColumns.map((column) =>
    telling.includes(column.field) ? { ...column, dispensable: LAST_TO_GO } : column,
  );
  for (;;) {
    const flexible = columns.flatMap((column, index) => (column.flexible ? [index] : []));
    const rows = shown.map((item) => columns.map(({ field }) => String(ownValue(item, field))));
    const table = layOutTable([columns.map(({ header }) => header), ...rows], { flexible, width });
    const most = Math.max(...columns.map(({ dispensable }) => dispensable));
    if (width === undefined || most === 0 || widthOf(table) <= width) {
      const left = items.length - shown.length;
      return left === 0 ? table : `${table}… and ${left} more\n`;
    }
    columns = columns.filter(({ dispensable }) => dispensable < most);
  }
}

const tellers = ['Copy', 'PID', 'Host'];

/** Of the columns that say which copy it is, those that the rows need to differ, in as little room as may be. */
function tellApart(items: readonly Item[]): readonly string[] {
  const choices = [
    [],
    ['Copy'],
    ['PID'],
    ['Host'],
    ['Copy', 'PID'],
    ['Copy', 'Host'],
    ['PID', 'Host'],
    tellers,
  ]
    .map((fields) => ({ fields, width: widthOfFields(items, fields) }))
    .sort((a, b) => a.width - b.width);
  const areTold = (fields: readonly string[]) =>
    new Set(items.map((item) => ['Role', ...fields].map((field) => ownValue(item, field)).join('\n')))
      .size === items.length;
  return choices.find(({ fields }) => areTold(fields))?.fields ?? [];
}

function widthOfFields(items: readonly Item[], fields: readonly string[]): number {
  return fields.reduce(
    (sum, field) => sum + Math.max(...items.map((item) => String(ownValue(item, field)).length), 0),
    fields.length,
  );
}

/**
 * For the screen, in place: clearing it each time would flicker. A line that went on in the next one would push the first
 * ones out.
 */
export function overwrite(view: string, width: number): string {
  const lines = view.split('\n').map((line) => line.slice(0, width));
  return `\x1b[H${lines.join('\x1b[K\n')}\x1b[J`;
}

function widthOf(table: string): number {
  return Math.max(...table.split('\n').map((line) => line.length));
}

export function summarise(before: Look | undefined, now: Look): string {
  const seconds = before && (now.takenAt - before.takenAt) / 1000;
  const rate =
    before && seconds! > 0 ? `, ${showRate((now.logHead - before.logHead) / seconds!)} a second` : '';
  const log = `log ${now.logHead} records${rate}`;
  if (!now.status) return `no API answers · ${log}`;
  return plainText([...describeCluster(now.status), log, ...describeUpgrade(now, now.status)].join(' · '));
}

function describeCluster({ nodes, services, tasks, openIntents }: Status): string[] {
  return [
    describeCounts('nodes', nodes),
    `services ${services}`,
    describeCounts('tasks', tasks),
    `intents waiting ${openIntents}`,
  ];
}

/** Nothing where all is of one version. */
function describeUpgrade({ processes }: Look, status: Status): string[] {
  const { cluster, next, heldBackBy } = compareVersions(processes, status);
  if (next === undefined) return [];
  const by = heldBackBy.length === 0 ? '' : `, held back: ${heldBackBy.join(', ')}`;
  return [`wire version ${cluster}, going to ${next}${by}`];
}

function describeCounts(name: string, counts: Readonly<Record<string, number | undefined>>): string {
  const known = Object.entries(counts).filter((entry): entry is [string, number] => (entry[1] ?? 0) > 0);
  const total = known.reduce((sum, [, count]) => sum + count, 0);
  return total === 0
    ? `${name} 0`
    : `${name} ${known.map(([state, count]) => `${count} ${state}`).join(', ')}`;
}

function showRate(perSec: number | undefined): string {
  if (perSec === undefined) return '-';
  if (perSec === 0) return '0';
  return perSec < 10 ? perSec.toFixed(1) : String(Math.round(perSec));
}

function showMs(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 10) return `${ms.toFixed(1)}ms`;
  return ms < 1_000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(1)}s`;
}
