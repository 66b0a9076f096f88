// `muster top`: looks, waits a second, looks again, and shows what happened in between; once, or until Ctrl-C.
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../commands/context.ts';
import { printList } from '../output/list.ts';
import { compareLooks, keepSilent } from './compare.ts';
import { createLooker, type Look } from './look.ts';
import { layOutTop, overwrite, showTopRow, summarise, topColumns } from './top-list.ts';

export interface TopOptions {
  readonly stream: boolean;
  readonly nodes: boolean;
  readonly format: string;
}

const REFRESH_MS = 1_000;
/** A copy that stopped answering is shown as long. */
const SILENT_MS = 15_000;
/** Lines around the table: the summary, an empty one, the header, what is left out, the cursor's. */
const OTHER_LINES = 5;

export async function showTop(context: Context, { stream, nodes, format }: TopOptions): Promise<void> {
  const { terminal } = context;
  const look = createLooker(context);
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const overwrites = stream && format === 'table' && terminal.width !== undefined;
  try {
    let before = await look({ agents: nodes, before: undefined });
    if (overwrites) terminal.write('\x1b[2J');
    while (!ending.signal.aborted) {
      await delay(REFRESH_MS, undefined, { signal: ending.signal });
      const now = await look({ agents: nodes, before });
      if (ending.signal.aborted) return;
      const text = print(before, now, format, overwrites);
      terminal.write(overwrites ? overwrite(text, process.stdout.columns) : text);
      if (!stream) return;
      before = keepSilent(before, now, SILENT_MS);
    }
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function print(before: Look, now: Look, format: string, toScreen: boolean): string {
  const items = compareLooks(before, now).map(showTopRow);
  if (format !== 'table') return printList(items, topColumns, {}, { format });
  const { columns: width, rows } = process.stdout;
  const height = toScreen && rows !== undefined ? rows - OTHER_LINES : undefined;
  return `${summarise(before, now)}\n\n${layOutTop(items, { width, height })}`;
}
