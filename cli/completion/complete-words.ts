// Says what could come next on a command line. Names are asked of the API, and left out when it does not answer at once.
import tab from '@bomb.sh/tab';
import { ownValue } from '@muster/model';
import type { Command } from 'commander';
import type { GlobalOptions } from '../globals.ts';
import { fetchNames, type Named } from './fetch-names.ts';

/** What arguments and options of these names stand for. */
const meanings: Readonly<Record<string, { readonly of: Named; readonly end?: string }>> = {
  service: { of: 'services' },
  'service=replicas': { of: 'services', end: '=' },
  'service|task': { of: 'services' },
  node: { of: 'nodes' },
  task: { of: 'tasks' },
  team: { of: 'teams' },
};

type Complete = (value: string, description: string) => void;

/** Prints one completion a line, as the shells' scripts expect them. */
export async function completeWords(
  program: Command,
  words: readonly string[],
  globals: GlobalOptions,
): Promise<void> {
  const needed = neededNames(program, words);
  const team = findTeam(words) ?? globals.team;
  const names = needed === undefined ? [] : await fetchNames(needed, { ...globals, team });
  describeCommand(program, '', names);
  tab.parse([...words]);
}

/** What the line itself says, which is not read as options yet. */
function findTeam(words: readonly string[]): string | undefined {
  const at = words.lastIndexOf('--team');
  const next = at === -1 || at >= words.length - 2 ? undefined : words[at + 1];
  const team = next ?? words.findLast((word) => word.startsWith('--team='))?.slice('--team='.length);
  return team === 'default' ? '' : team;
}

/** The kind of name that the command of this line deals with. */
function neededNames(program: Command, words: readonly string[]): Named | undefined {
  let command = program;
  for (const word of words.slice(0, -1)) {
    command = command.commands.find((sub) => sub.name() === word || sub.aliases().includes(word)) ?? command;
  }
  const before = words.at(-2);
  const option = before?.startsWith('--') ? meanings[before.slice(2)] : undefined;
  const [argument] = command.registeredArguments;
  return (option ?? meanings[argument?.name() ?? ''])?.of;
}

function describeCommand(command: Command, path: string, names: readonly string[]): void {
  const described = path === '' ? tab : tab.command(path, command.summary());
  const help = command.createHelp();
  for (const option of help.visibleOptions(command)) {
    const name = option.long?.slice(2);
    if (name === undefined) continue;
    const alias = option.short?.slice(1);
    if (!option.required && !option.optional) described.option(name, option.description, alias);
    else
      described.option(
        name,
        option.description,
        (complete) => offer(complete, option.argChoices ?? meant(name)),
        alias,
      );
  }
  for (const argument of command.registeredArguments) {
    const choices = argument.argChoices ?? meant(argument.name());
    described.argument(argument.name(), (complete) => offer(complete, choices), argument.variadic);
  }
  for (const sub of help.visibleCommands(command)) {
    describeCommand(sub, path === '' ? sub.name() : `${path} ${sub.name()}`, names);
  }

  function meant(name: string): readonly string[] {
    const meaning = ownValue(meanings, name);
    return meaning ? names.map((one) => `${one}${meaning.end ?? ''}`) : [];
  }
}

function offer(complete: Complete, values: readonly string[]): void {
  for (const value of values) complete(value, '');
}
