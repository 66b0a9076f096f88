// Says what could come next on a command line. Names are asked of the API, and left out when it does not answer at once.
import type { Command, Option } from 'commander';
import type { GlobalOptions } from '../globals.ts';
import { fetchNames, type Named } from './fetch-names.ts';

type Meaning = { readonly of: Named; readonly end?: string } | { readonly path: 'file' | 'folder' };

/** What arguments and options of these names stand for. */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['service', { of: 'services' }],
  ['service=replicas', { of: 'services', end: '=' }],
  ['service|task', { of: 'services' }],
  ['node', { of: 'nodes' }],
  ['task', { of: 'tasks' }],
  ['network', { of: 'networks' }],
  ['network-add', { of: 'networks' }],
  ['network-rm', { of: 'networks' }],
  ['team', { of: 'teams' }],
  ['dir', { path: 'folder' }],
  ['env-file', { path: 'file' }],
]);

/** As the scripts of the shells expect it (cobra's ShellCompDirective): bits that say what to do with what is offered. */
const directives = { noSpace: 2, noFiles: 4, foldersOnly: 16 } as const;

interface Offer {
  readonly value: string;
  readonly description?: string;
}

interface Offers {
  readonly offers: readonly Offer[];
  readonly directive: number;
}

/** Prints one completion a line, with what it is behind a tab, and then the directive. */
export async function completeWords(
  program: Command,
  words: readonly string[],
  globals: GlobalOptions,
): Promise<void> {
  const { offers, directive } = await findOffers(program, words, readLine(words, globals));
  for (const { value, description = '' } of offers) console.log(`${value}\t${description}`);
  console.log(`:${directive}`);
}

async function findOffers(
  program: Command,
  words: readonly string[],
  globals: GlobalOptions,
): Promise<Offers> {
  const current = words.at(-1) ?? '';
  const { command, operands, pending, isOver } = walk(program, words.slice(0, -1));
  if (pending) return offerValues(pending.name(), pending.argChoices, current, globals);
  const [, long, start] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  const option = command.options.find((one) => one.long === long);
  // The shells know what stands before the equal sign.
  if (option && !isOver) return offerValues(option.name(), option.argChoices, start!, globals);
  if (current.startsWith('-') && !isOver) return offer(listOptions(command), current);
  const subcommands = command
    .createHelp()
    .visibleCommands(command)
    .map((sub) => ({ value: sub.name(), description: sub.summary() }));
  if (operands === 0 && subcommands.length > 0) return offer(subcommands, current);
  const declared = command.registeredArguments;
  const argument = declared[operands] ?? (declared.at(-1)?.variadic ? declared.at(-1) : undefined);
  return offerValues(argument?.name() ?? '', argument?.argChoices, current, globals);
}

interface Place {
  readonly command: Command;
  readonly operands: number;
  /** The option that the next word is the value of. */
  readonly pending: Option | undefined;
  /** No options can follow. */
  readonly isOver: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let pending: Option | undefined;
  let isOver = false;
  for (const word of words) {
    if (pending) pending = undefined;
    else if (word === '--') isOver = true;
    else if (word.startsWith('-') && !isOver) pending = findValued(command, word);
    else {
      const sub = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (sub && operands === 0) command = sub;
      else operands += 1;
    }
  }
  return { command, operands, pending, isOver };
}

/** The last of several short ones may have a value. */
function findValued({ options }: Command, word: string): Option | undefined {
  const option = word.startsWith('--')
    ? options.find(({ long }) => long === word)
    : options.find(({ short }) => short?.[1] === word.at(-1));
  return option?.required ? option : undefined;
}

function listOptions(command: Command): Offer[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap(
    ({ long, short, description }) =>
      [long, short].flatMap((value) => (value ? [{ value, description }] : [])),
  );
}

async function offerValues(
  name: string,
  choices: readonly string[] | undefined,
  start: string,
  globals: GlobalOptions,
): Promise<Offers> {
  const meaning = choices ? undefined : meanings.get(name);
  if (meaning && 'path' in meaning)
    return { offers: [], directive: meaning.path === 'folder' ? directives.foldersOnly : 0 };
  const names = meaning ? await fetchNames(meaning.of, globals) : (choices ?? []);
  return offer(
    names.map((value) => ({ value: `${value}${meaning?.end ?? ''}` })),
    start,
    meaning?.end === undefined ? 0 : directives.noSpace,
  );
}

function offer(offers: readonly Offer[], start: string, directive = 0): Offers {
  return {
    offers: offers.filter(({ value }) => value.startsWith(start)),
    directive: directives.noFiles | directive,
  };
}

/** The line itself may say where and whose, and is not read as options yet. */
function readLine(words: readonly string[], globals: GlobalOptions): GlobalOptions {
  const team = findValue(words, '--team');
  return {
    ...globals,
    nats: findValue(words, '--nats') ?? globals.nats,
    team: team === 'default' ? '' : (team ?? globals.team),
  };
}

function findValue(words: readonly string[], option: string): string | undefined {
  const at = words.lastIndexOf(option);
  const next = at === -1 || at >= words.length - 2 ? undefined : words[at + 1];
  return next ?? words.findLast((word) => word.startsWith(`${option}=`))?.slice(option.length + 1);
}
