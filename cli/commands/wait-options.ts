// How long a command that asks for something waits for it.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { durationValue } from '../flags/values.ts';

export interface WaitFlags {
  readonly detach?: boolean;
  readonly quiet?: boolean;
  /** Nanoseconds. */
  readonly stableFor?: number;
  /** Nanoseconds. */
  readonly timeout?: number;
  readonly intentId?: string;
}

/** As a header of NATS has it. */
const MAX_ID_LENGTH = 128;

export function intentIdOption(): Option {
  return new Option(
    '--intent-id <id>',
    'an ID of your own for what is asked: what is asked again with it within two minutes is asked once',
  ).argParser((text: string) => {
    if (!/^[\x21-\x7e]+$/.test(text) || text.length > MAX_ID_LENGTH)
      throw new InvalidArgumentError(`1 to ${MAX_ID_LENGTH} printable characters of ASCII, and no blanks.`);
    return text;
  });
}

/** Where there is nothing to wait for but the verdict. */
export function addVerdictOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--timeout <duration>',
        'stop waiting for the verdict after this long, with exit code 4 (30s)',
      ).argParser(durationValue),
    )
    .addOption(intentIdOption());
}

export function addWaitOptions(command: Command): Command {
  return command
    .option('-d, --detach', 'return once it is accepted, rather than once it is so')
    .addOption(
      new Option('--stable-for <duration>', 'how long tasks must run to count as converged (5s)').argParser(
        durationValue,
      ),
    )
    .addOption(
      new Option(
        '--timeout <duration>',
        'stop waiting after this long, with exit code 4; it goes on by itself',
      ).argParser(durationValue),
    )
    .addOption(intentIdOption());
}
