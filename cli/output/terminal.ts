// Where output goes, and what it can show there.
import { styleText } from 'node:util';

export interface Terminal {
  /** Results. */
  write(text: string): void;
  /** Progress, warnings. */
  note(text: string): void;
  /** Columns to fit results into; undefined when they go to a file or another program. */
  readonly width: number | undefined;
  /** Whether notes can be drawn over. */
  readonly redraws: boolean;
  style(style: Style, text: string): string;
}

export type Style = 'dim' | 'bold' | 'red' | 'yellow' | 'green';

export function openTerminal({ color }: { readonly color: boolean }): Terminal {
  const { stdout, stderr } = process;
  const colored = color && stdout.isTTY === true && !process.env.NO_COLOR;
  return {
    write: (text) => {
      stdout.write(text);
    },
    note: (text) => {
      stderr.write(text);
    },
    width: stdout.isTTY ? stdout.columns : undefined,
    redraws: stderr.isTTY === true && process.env.TERM !== 'dumb',
    style: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** A reader that goes away, as `head` does, is no error. */
export function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
