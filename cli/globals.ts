// The options that every command takes, before its name or after it.
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';

export const DEFAULT_NATS = 'nats://127.0.0.1:4222';

export interface GlobalOptions {
  readonly nats: string;
  readonly as: string;
  /** Whose names are meant, and in whose name is asked; '' for the default team. */
  readonly team: string;
  readonly color: boolean;
}

function globalOptions(): Option[] {
  return [
    new Option('--nats <url>', 'address of NATS').env('MUSTER_NATS').default(DEFAULT_NATS),
    new Option('--as <actor>', 'who asks: the name that the log keeps')
      .env('MUSTER_ACTOR')
      .default(undefined, 'your user name')
      .argParser(parseActor),
    new Option('--team <team>', 'whose services are meant')
      .env('MUSTER_TEAM')
      .default(undefined, 'the default team')
      .argParser(parseTeam),
    new Option('--no-color', 'plain text'),
  ];
}

export function addGlobalOptions(program: Command): void {
  for (const option of globalOptions()) program.addOption(option);
  program.configureHelp({
    showGlobalOptions: true,
    subcommandTerm: (command) => command.name(),
    // The version is that of the program, and no option of its commands.
    visibleGlobalOptions: (command) =>
      command === program
        ? []
        : program.options.filter(({ hidden, long }) => !hidden && long !== '--version'),
  });
}

/** Lets every command below take the global options too, wherever in its line they stand. */
export function inheritGlobalOptions(program: Command): void {
  const names = globalOptions();
  function visit(command: Command): void {
    for (const option of names) {
      if (command.options.some(({ long }) => long === option.long)) continue;
      const flags = option.flags;
      const copy = new Option(flags, option.description).hideHelp();
      if (option.parseArg) copy.argParser(option.parseArg as never);
      command.addOption(copy);
      command.on(`option:${copy.name()}`, () => {
        const key = option.attributeName();
        program.setOptionValueWithSource(key, command.getOptionValue(key), 'cli');
      });
    }
    command.commands.forEach(visit);
  }
  program.commands.forEach(visit);
}

/** A variable that is there and empty is one that is not set. */
export function forgetEmptyVariables(env: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('MUSTER_') && value === '') delete env[name];
}

export function readGlobals(command: Command): GlobalOptions {
  const { nats, as, team, color } = command.optsWithGlobals<Partial<GlobalOptions> & { nats: string }>();
  return { nats, as: as ?? defaultActor(), team: team ?? '', color: color !== false };
}

function parseActor(text: string): string {
  if (text === '' || text.startsWith('@') || /[\s.*>]/.test(text))
    throw new InvalidArgumentError(
      'An actor is one word without ".", "*", ">" or blanks, and does not begin with "@".',
    );
  return text;
}

/** The default team has no name: "default" is for whoever has another one in the environment. */
function parseTeam(text: string): string {
  return text === 'default' ? '' : text;
}

function defaultActor(): string {
  return (process.env.USER ?? nameFromSystem() ?? '').replace(/[\s.*>]|^@/g, '-') || 'operator';
}

function nameFromSystem(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
