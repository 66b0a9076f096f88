// Shows progress on a terminal that can be drawn over, and as lines where it can't be: each thing once.
import type { Progress } from '@muster/api';
import { plainText } from '../output/plain-text.ts';
import { cutText } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { overallLine, rollbackLine, taskLines, troubleLines } from './progress-text.ts';

export interface ProgressView {
  /** `verify` is what is said below, once all is as it should be. */
  show(progress: Progress, removing: boolean, verify?: string): void;
}

export function openProgressView(terminal: Terminal, quiet: boolean): ProgressView {
  if (quiet) return { show: () => undefined };
  return terminal.redraws ? drawOver(terminal) : printOnce(terminal);
}

/** Lines of trouble below the sum, where there are too many tasks to show. */
const MAX_TROUBLES = 5;

function drawOver(terminal: Terminal): ProgressView {
  let drawn: readonly string[] = [];
  return {
    show(progress, removing, verify) {
      const details = removing ? [] : taskLines(progress);
      const troubles = details.length === 0 && !removing ? troubleLines(progress).slice(0, MAX_TROUBLES) : [];
      const below = [rollbackLine(progress), verify].filter((line) => line !== undefined);
      const lines = [overallLine(progress, removing), ...details, ...troubles, ...below].map(plainText);
      if (lines.join('\n') === drawn.join('\n')) return;
      const width = (terminal.width ?? 80) - 1;
      const up = drawn.length > 0 ? `\x1b[${drawn.length}A` : '';
      const text = lines.map((line) => `\x1b[2K${cutText(line, width)}\n`).join('');
      terminal.note(`${up}${text}${drawn.length > lines.length ? '\x1b[J' : ''}`);
      drawn = lines;
    },
  };
}

function printOnce(terminal: Terminal): ProgressView {
  let overall = '';
  let said = '';
  const told = new Set<string>();
  return {
    show(progress, removing, verify) {
      const line = overallLine(progress, removing);
      if (line !== overall) terminal.note(`${line}\n`);
      overall = line;
      const back = rollbackLine(progress);
      if (back !== undefined && !told.has(back)) terminal.note(`${plainText(back)}\n`);
      if (back !== undefined) told.add(back);
      for (const trouble of removing ? [] : troubleLines(progress)) {
        const kind = withoutIds(trouble);
        if (!told.has(kind)) terminal.note(`${plainText(trouble)}\n`);
        told.add(kind);
      }
      if (verify !== undefined && verify !== said) terminal.note(`${plainText(verify)}\n`);
      said = verify ?? '';
    },
  };
}

/** The same trouble with another task of a slot is told once. */
function withoutIds(text: string): string {
  return text.replace(/[0-9a-z]*\d[0-9a-z]{5,}/g, '*');
}
