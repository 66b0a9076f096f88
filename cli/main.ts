// The program: finds the command, loads it and nothing else, runs it, and ends with its exit code. A new command is a
// line in the table.
import { Command, CommanderError } from 'commander';
import { exitCodes, explainError, usageError } from './errors.ts';
import { allowEqualSigns } from './flags/equal-signs.ts';
import { notSupported } from './flags/unsupported.ts';
import { addGlobalOptions, forgetEmptyVariables, inheritGlobalOptions } from './globals.ts';
import { plainLines } from './output/plain-text.ts';
import { endWithReader } from './output/terminal.ts';
import { VERSION } from './roles/version.ts';

type AddCommand = (program: Command) => void;

interface Entry {
  /** Names with what they are for, as the list of commands shows them. */
  readonly commands: Readonly<Record<string, string>>;
  readonly load: () => Promise<AddCommand>;
}

const entries: readonly Entry[] = [
  {
    commands: { service: 'Manage services' },
    load: async () => (await import('./commands/service/service.ts')).addServiceCommand,
  },
  {
    commands: { node: 'Look at nodes' },
    load: async () => (await import('./commands/node/node.ts')).addNodeCommand,
  },
  {
    commands: { network: 'Manage networks' },
    load: async () => (await import('./commands/network/network.ts')).addNetworkCommand,
  },
  {
    commands: { task: 'Look at tasks' },
    load: async () => (await import('./commands/object/task.ts')).addTaskCommand,
  },
  {
    commands: { inspect: 'Show everything about services, nodes, networks and tasks' },
    load: async () => (await import('./commands/object/inspect.ts')).addInspectCommand,
  },
  {
    commands: { logs: 'Show the output of a service or a task' },
    load: async () => (await import('./commands/service/service-logs.ts')).addLogsCommand,
  },
  {
    commands: { events: 'Show what happened: who, what and why' },
    load: async () => (await import('./commands/events.ts')).addEventsCommand,
  },
  {
    commands: { audit: 'Show the chain from intent to container' },
    load: async () => (await import('./commands/audit.ts')).addAuditCommand,
  },
  {
    commands: { state: 'Show the cluster state, now or at any moment' },
    load: async () => (await import('./commands/state.ts')).addStateCommand,
  },
  {
    commands: { pub: 'Publish an intent as it is' },
    load: async () => (await import('./commands/pub.ts')).addPubCommand,
  },
  {
    commands: { log: 'Declare records of the log void' },
    load: async () => (await import('./commands/log.ts')).addLogCommand,
  },
  {
    commands: { doctor: 'Check the cluster, and say what to do' },
    load: async () => (await import('./commands/doctor.ts')).addDoctorCommand,
  },
  {
    commands: { cluster: 'Manage the cluster itself' },
    load: async () => (await import('./commands/cluster/cluster.ts')).addClusterCommand,
  },
  {
    commands: { info: 'Show the cluster in numbers' },
    load: async () => (await import('./commands/cluster-info.ts')).addInfoCommand,
  },
  {
    commands: { version: 'Show the versions of this program and of the cluster' },
    load: async () => (await import('./commands/version.ts')).addVersionCommand,
  },
  {
    commands: { top: 'Show what every copy of every role is doing' },
    load: async () => (await import('./commands/top.ts')).addTopCommand,
  },
  {
    commands: { up: 'Run a whole cluster on this machine' },
    load: async () => (await import('./up/up-command.ts')).addUpCommand,
  },
  {
    commands: { demo: 'Show a small application on three nodes' },
    load: async () => (await import('./demo/demo-command.ts')).addDemoCommand,
  },
  {
    commands: {
      orchestrator: 'Run an orchestrator: admits intents, keeps services as described',
      allocator: 'Run an allocator: gives services their ports',
      scheduler: 'Run a scheduler: gives tasks to nodes',
      dispatcher: 'Run a dispatcher: tells agents what to do, watches their heartbeats',
      api: 'Run an API: answers queries from folded state',
      agent: 'Run this machine as a node',
    },
    load: async () => (await import('./roles/role-command.ts')).addRoleCommands,
  },
  {
    commands: { resolver: 'Answer names for the containers of a node; its agent starts it' },
    load: async () => (await import('./roles/resolver-command.ts')).addResolverCommand,
  },
  {
    commands: { 'hold-ports': 'Hold the published ports of a node; its agent starts it' },
    load: async () => (await import('./roles/hold-ports-command.ts')).addHoldPortsCommand,
  },
  {
    commands: { completion: 'Print the completion script of a shell', complete: '' },
    load: async () => (await import('./commands/completion.ts')).addCompletionCommand,
  },
];

/** What Docker has beside these, and muster hasn't yet. */
const notYet = ['stack', 'secret', 'config', 'volume', 'swarm'];

async function main(argv: readonly string[]): Promise<void> {
  endWithReader();
  forgetEmptyVariables(process.env);
  const program = createProgram();
  try {
    const asked = readHelp(program, argv);
    await addCommands(program, asked);
    if (asked !== argv) checkTopic(program, asked);
    await program.parseAsync(asked, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
    // What was being waited for is not waited for any more; a connection that is not made yet least of all.
    const isWaiting = [exitCodes.interrupted, exitCodes.unreachable].some(
      (code) => code === process.exitCode,
    );
    if (isWaiting) process.exit();
  }
}

function createProgram(): Command {
  const program = new Command('muster')
    .description('A container orchestrator whose whole state is an event log.')
    .version(VERSION, '-V, --version')
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')) })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 NATS or the API unreachable, 4 timed out, 130 interrupted.\nRun `muster COMMAND --help` for more about a command.',
    );
  addGlobalOptions(program);
  return program;
}

/** The command whose options matter: the first word that is no option, or what `complete` is about. */
function findCommandName(program: Command, argv: readonly string[]): string | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const text = argv[at]!;
    if (!text.startsWith('-')) return text;
    if (program.options.some(({ short, long, required }) => required && (short === text || long === text)))
      at += 1;
  }
  return undefined;
}

/** `muster help service create` is `muster service create --help`. */
function readHelp(program: Command, argv: readonly string[]): readonly string[] {
  if (findCommandName(program, argv) !== 'help') return argv;
  const at = argv.indexOf('help');
  return [...argv.slice(0, at), ...argv.slice(at + 1), '--help'];
}

function checkTopic(program: Command, asked: readonly string[]): void {
  let topic: Command | undefined = program;
  const names = asked.filter((word) => !word.startsWith('-'));
  for (const name of names)
    topic = topic?.commands.find((one) => one.name() === name || one.aliases().includes(name));
  if (!topic) throw usageError(`unknown help topic: ${names.join(' ')}`);
}

/** The command that is wanted is loaded; the others are only listed. */
async function addCommands(program: Command, argv: readonly string[]): Promise<void> {
  const first = findCommandName(program, argv);
  if (first !== undefined && notYet.includes(first)) throw notSupported(first);
  const second = first === 'complete' ? argv.slice(argv.indexOf(first) + 1) : [];
  const wanted = [
    first,
    findCommandName(
      program,
      second.filter((word) => word !== '--'),
    ),
  ];
  for (const { commands, load } of entries) {
    const names = Object.keys(commands);
    if (names.some((name) => wanted.includes(name))) (await load())(program);
    else
      for (const [name, summary] of Object.entries(commands))
        program.command(name, { hidden: name === 'complete' }).summary(summary);
  }
  inheritGlobalOptions(program);
  allowEqualSigns(program);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and the version are no errors; everything else commander has said already.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  const { message, exitCode } = explainError(error);
  // It may quote what others wrote.
  const text = plainLines(message);
  process.stderr.write(exitCode === exitCodes.interrupted ? `\n${text}\n` : `Error: ${text}\n`);
  return exitCode;
}

await main(process.argv.slice(2));
