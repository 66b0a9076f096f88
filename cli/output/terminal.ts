// Where output goes, and what it can show there.
import { styleText } from 'node:util';
import { exitCodes } from '../errors.ts';

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

/** A reader that goes away, as `head` does, is no error; a disk without room is one. */
export function endWithReader(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(0);
    process.stderr.write(`Error: can't write the output: ${message}\n`);
    process.exit(exitCodes.refused);
  });
  // Nobody is left to be told.
  process.stderr.on('error', () => undefined);
}
