// How long a command that asks for something waits for it.
import { type Command, Option } from 'commander';
import { durationValue } from '../flags/values.ts';

export interface WaitFlags {
  readonly detach?: boolean;
  readonly quiet?: boolean;
  /** Nanoseconds. */
  readonly stableFor?: number;
  /** Nanoseconds. */
  readonly timeout?: number;
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
    );
}
