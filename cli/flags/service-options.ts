// Declares the flags of `service create` and `service update` on their commands.
import { ownValue } from '@muster/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { NO_HEALTHCHECK } from './health-flags.ts';
import { listFlags, scalarFlags } from './spec-flags.ts';
import { type Parse, switchValue, wordsValue } from './values.ts';

/** A flag that may be given several times. */
export function repeatable(flags: string, description: string, parse: Parse<unknown>): Option {
  return new Option(flags, description).argParser((text: string, before: unknown[] | undefined) => [
    ...(before ?? []),
    parse(text),
  ]);
}

/** As Docker reads them: without regard to case. */
function chooseFrom(option: Option, choices: readonly string[]): Option {
  return option.choices(choices).argParser((text) => {
    const word = choices.find((choice) => choice === text.toLowerCase());
    if (word === undefined) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return word;
  });
}

function addScalars(command: Command): void {
  for (const { flags, description, parse, choices } of scalarFlags) {
    const option = new Option(flags, description);
    if (parse === switchValue) command.addOption(option);
    else command.addOption(choices ? chooseFrom(option, choices) : option.argParser(parse));
  }
  command.option('--no-healthcheck', 'no health check, whatever the image says');
  // Commander would say that there is one.
  command.setOptionValue(NO_HEALTHCHECK, undefined);
}

export function addCreateOptions(command: Command): void {
  command.option('--name <name>', 'name of the service; one is made up when left out');
  command.option('--mode <mode>', 'mode of the service', 'replicated');
  for (const { name, short, value, description, parse } of listFlags) {
    const flags = `${short === undefined ? '' : `-${short}, `}--${name} <${value}>`;
    command.addOption(repeatable(flags, `${description} (repeatable)`, parse));
  }
  command.addOption(
    repeatable('--env-file <path>', 'read environment variables from a file (repeatable)', String),
  );
  addScalars(command);
}

const removalKeys: Readonly<Record<string, string>> = {
  publish: 'TARGET-PORT',
  mount: 'TARGET',
  constraint: 'EXPRESSION',
  network: 'NETWORK',
};

export function addUpdateOptions(command: Command): void {
  command.option('--image <image>', 'image to run');
  command.addOption(new Option('--args <command>', 'command arguments').argParser(wordsValue));
  command.option('--force', 'replace every task though nothing else changed');
  for (const { name, value, description, parse, parseRemoval = String } of listFlags) {
    command.addOption(repeatable(`--${name}-add <${value}>`, `add or replace: ${description}`, parse));
    const key = ownValue(removalKeys, name) ?? 'KEY';
    command.addOption(repeatable(`--${name}-rm <${key}>`, `remove: ${description}`, parseRemoval));
  }
  addScalars(command);
}
