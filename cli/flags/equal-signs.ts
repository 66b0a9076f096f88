// Options with an equal sign as Docker's (Go's pflag) are written: `--tty=false`, `-d=false`, `-dq=false`, `-e=A=1`.
import { type Command, Option } from 'commander';
import { usageError } from '../errors.ts';

/** Go's strconv.ParseBool. Every command reads this file: it loads nothing for it. */
const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** For a command and all below it. To be called when they have all of their options. */
export function allowEqualSigns(command: Command): void {
  command.commands.forEach(allowEqualSigns);
  for (const option of command.options.filter(isSwitch)) {
    const opposite = oppositeOf(option);
    if (!command.options.some(({ long }) => long === opposite))
      command.addOption(new Option(opposite).hideHelp());
  }
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (argv) => parseOptions(rewriteOptions(command, argv));
}

/** The same in commander's words. */
export function rewriteOptions(command: Command, argv: readonly string[]): string[] {
  const rewritten: string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const text = argv[at]!;
    if (text === '--' || (isOperand(text) && endsOptions(command))) return [...rewritten, ...argv.slice(at)];
    if (isOperand(text)) {
      rewritten.push(text);
      continue;
    }
    const words = text.startsWith('--') ? rewriteLong(command, text) : rewriteShort(command, text);
    rewritten.push(...words);
    // What follows is its value, whatever it looks like.
    if (words.length === 1 && needsNext(command, text) && at + 1 < argv.length) rewritten.push(argv[++at]!);
  }
  return rewritten;
}

function rewriteLong(command: Command, text: string): string[] {
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(text) ?? [];
  const option = command.options.find((one) => one.long === long);
  return option && isSwitch(option) ? [turn(option, value!)] : [text];
}

function rewriteShort(command: Command, text: string): string[] {
  for (let at = 1; at < text.length; at += 1) {
    const option = command.options.find(({ short }) => short === `-${text[at]}`);
    if (!option) return [text];
    if (text[at + 1] === '=') {
      const before = at > 1 ? [text.slice(0, at)] : [];
      const value = text.slice(at + 2);
      return [...before, ...(isSwitch(option) ? [turn(option, value)] : [option.short!, value])];
    }
    if (!isSwitch(option)) return [text];
  }
  return [text];
}

function turn(option: Option, value: string): string {
  const isOn = words.get(value);
  if (isOn !== undefined) return isOn ? option.long! : oppositeOf(option);
  throw usageError(`invalid argument "${value}" for "${option.flags}" flag: write true or false`);
}

function needsNext(command: Command, text: string): boolean {
  return command.options.some(
    ({ required, short, long }) =>
      required && (text === long || (!text.startsWith('--') && short?.[1] === text.at(-1))),
  );
}

function isSwitch(option: Option): boolean {
  return option.long !== undefined && !option.required && !option.optional;
}

function oppositeOf({ long }: Option): string {
  return long!.startsWith('--no-') ? `--${long!.slice('--no-'.length)}` : `--no-${long!.slice('--'.length)}`;
}

function isOperand(text: string): boolean {
  return text === '-' || !text.startsWith('-');
}

/** What follows a subcommand's name, or an image, is not for this command. Commander tells nobody that it is so. */
function endsOptions(command: Command): boolean {
  const { _passThroughOptions = false } = command as { _passThroughOptions?: boolean };
  return command.commands.length > 0 || _passThroughOptions;
}
