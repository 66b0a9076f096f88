// Docker's flags of yes and no: `--tty`, `--tty=true`, `--tty=false`.
import type { Command } from 'commander';

const words: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  '1': true,
  false: false,
  f: false,
  '0': false,
};

/** Adds `--no-x` beside the switch `--x`, and reads `--x=false` as that. Only before the first operand. */
export function allowBooleanValues(command: Command, names: readonly string[]): void {
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (argv) => parseOptions(rewriteBooleans(command, names, argv));
}

export function rewriteBooleans(
  command: Command,
  names: readonly string[],
  argv: readonly string[],
): string[] {
  const rewritten = [...argv];
  for (let at = 0; at < rewritten.length; at += 1) {
    const text = rewritten[at]!;
    if (text === '--' || !text.startsWith('-') || text === '-') break;
    const [, name, word] = /^--([a-z-]+)=(\w+)$/.exec(text) ?? [];
    if (name !== undefined && names.includes(name) && word !== undefined && word.toLowerCase() in words) {
      rewritten[at] = words[word.toLowerCase()] ? `--${name}` : `--no-${name}`;
      continue;
    }
    const option = command.options.find(({ short, long }) => short === text || long === text);
    if (option?.required) at += 1;
  }
  return rewritten;
}
