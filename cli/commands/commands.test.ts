import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { completeWords } from '../completion/complete-words.ts';
import { CliError, exitCodes, explainError } from '../errors.ts';
import { allowEqualSigns } from '../flags/equal-signs.ts';
import {
  addGlobalOptions,
  DEFAULT_NATS,
  forgetEmptyVariables,
  inheritGlobalOptions,
  readGlobals,
} from '../globals.ts';
import { addAuditCommand } from './audit.ts';
import { addClusterCommand } from './cluster/cluster.ts';
import { addInfoCommand } from './cluster-info.ts';
import { addCompletionCommand } from './completion.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEventsCommand } from './events.ts';
import { addNetworkCommand } from './network/network.ts';
import { addNodeCommand } from './node/node.ts';
import { addInspectCommand } from './object/inspect.ts';
import { addTaskCommand } from './object/task.ts';
import { addPubCommand } from './pub.ts';
import { addServiceCommand } from './service/service.ts';
import { addLogsCommand } from './service/service-logs.ts';
import { addStateCommand } from './state.ts';
import { addTopCommand } from './top.ts';
import { addVersionCommand } from './version.ts';

function makeProgram(): Command {
  const program = new Command('muster')
    .version('1', '-V, --version')
    .enablePositionalOptions()
    .exitOverride();
  program.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addGlobalOptions(program);
  for (const add of [
    addServiceCommand,
    addNodeCommand,
    addNetworkCommand,
    addClusterCommand,
    addTaskCommand,
    addInspectCommand,
    addLogsCommand,
    addEventsCommand,
    addAuditCommand,
    addStateCommand,
    addPubCommand,
    addDoctorCommand,
    addInfoCommand,
    addVersionCommand,
    addTopCommand,
    addCompletionCommand,
  ])
    add(program);
  inheritGlobalOptions(program);
  allowEqualSigns(program);
  return program;
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leaves(command: Command, path = ''): Leaf[] {
  const visible = command.createHelp().visibleCommands(command);
  const subs = visible.filter((sub) => sub.name() !== 'help');
  if (subs.length === 0) return [{ path, command }];
  return subs.flatMap((sub) => leaves(sub, `${path} ${sub.name()}`.trim()));
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

describe('every command', () => {
  it.each(leaves(makeProgram()).map(({ path, command }) => [path, command] as const))(
    '%s has a summary, a description, and examples of itself',
    (path, command) => {
      expect(command.summary()).toMatch(/^[A-Z]/);
      expect(command.description()).toMatch(/\.$/);
      const help = helpOf(command);
      expect(help).toContain('Examples:');
      expect(help.slice(help.indexOf('Examples:'))).toContain(`muster ${path}`);
      expect(help).toContain('--nats <url>');
      expect(help).not.toContain('--version');
    },
  );

  it('has a test of its own here: none is missing', () => {
    expect(leaves(makeProgram()).map(({ path }) => path)).toEqual([
      'service create',
      'service inspect',
      'service logs',
      'service ls',
      'service ps',
      'service rm',
      'service rollback',
      'service scale',
      'service update',
      'node demote',
      'node inspect',
      'node ls',
      'node promote',
      'node ps',
      'node rm',
      'node update',
      'network create',
      'network inspect',
      'network ls',
      'network prune',
      'network rm',
      'network why',
      'cluster update',
      'task inspect',
      'inspect',
      'logs',
      'events',
      'audit',
      'state',
      'pub',
      'doctor',
      'info',
      'version',
      'top',
      'completion',
    ]);
  });
});

describe('options of every command', () => {
  async function globalsOf(...argv: readonly string[]) {
    const program = makeProgram();
    const ls = program.commands
      .find((one) => one.name() === 'service')!
      .commands.find((one) => one.name() === 'ls')!;
    let globals: ReturnType<typeof readGlobals> | undefined;
    ls.action(() => {
      globals = readGlobals(ls);
    });
    await program.parseAsync([...argv], { from: 'user' });
    return globals;
  }

  it('stand before its name or after it', async () => {
    vi.stubEnv('MUSTER_NATS', undefined);
    vi.stubEnv('MUSTER_ACTOR', undefined);
    vi.stubEnv('MUSTER_TEAM', undefined);
    vi.stubEnv('USER', 'j.doe');
    expect(await globalsOf('service', 'ls')).toEqual({
      nats: DEFAULT_NATS,
      as: 'j-doe',
      team: '',
      color: true,
    });
    const wanted = { nats: 'nats://x:1', as: 'ana', team: 'blue', color: false };
    expect(
      await globalsOf('--nats', 'nats://x:1', '--as', 'ana', '--team', 'blue', '--no-color', 'service', 'ls'),
    ).toEqual(wanted);
    expect(
      await globalsOf('service', '--nats', 'nats://x:1', 'ls', '--as=ana', '--team=blue', '--no-color'),
    ).toEqual(wanted);
    vi.unstubAllEnvs();
  });

  it('come from the environment when they are not given', async () => {
    vi.stubEnv('MUSTER_NATS', 'nats://env:1');
    vi.stubEnv('MUSTER_ACTOR', 'ci');
    vi.stubEnv('MUSTER_TEAM', 'blue');
    expect(await globalsOf('service', 'ls')).toMatchObject({
      nats: 'nats://env:1',
      as: 'ci',
      team: 'blue',
    });
    expect(await globalsOf('service', 'ls', '--team', 'default')).toMatchObject({ team: '' });
    expect(await globalsOf('service', 'ls', '--team', '')).toMatchObject({ team: '' });
    expect(await globalsOf('service', 'ls', '--nats', 'nats://x:1')).toMatchObject({ nats: 'nats://x:1' });
    vi.unstubAllEnvs();
  });

  it('are not set by an empty environment', async () => {
    const env = { MUSTER_NATS: '', MUSTER_ACTOR: '', MUSTER_LOG_LEVEL: '', MUSTER_TEAM: 'blue', PATH: '' };
    forgetEmptyVariables(env);
    expect(env).toEqual({ MUSTER_TEAM: 'blue', PATH: '' });
  });

  it.each(leaves(makeProgram()).map(({ path }) => path))(
    '%s takes its switches with a value, wherever they stand',
    async (path) => {
      const program = makeProgram();
      const { command } = leaves(program).find((leaf) => leaf.path === path)!;
      const seen: unknown[] = [];
      command.action((...given) => {
        seen.push((given.at(-2) as { color?: boolean }).color);
      });
      const operands = command.registeredArguments.map(({ argChoices }) => argChoices?.[0] ?? 'x');
      const parts = path.split(' ');
      await program.parseAsync([...parts, '--no-color=false', ...operands], { from: 'user' });
      await program.parseAsync([...parts, '--no-color=true', ...operands], { from: 'user' });
      expect(seen).toEqual([true, false]);
    },
  );

  it('refuse an actor that can not stand in a subject', async () => {
    for (const actor of ['a.b', '@a'])
      await expect(globalsOf('--as', actor, 'service', 'ls')).rejects.toThrow('An actor is one word');
  });
});

it('a rollback is combined with nothing that changes the spec', async () => {
  const update = (...flags: readonly string[]) =>
    makeProgram().parseAsync(['service', 'update', '--rollback', ...flags, 'web'], { from: 'user' });
  const refused = 'other flags may not be combined with --rollback';
  await expect(update('--image', 'x')).rejects.toThrow(refused);
  await expect(update('--env-add', 'A=1', '-d')).rejects.toThrow(refused);
});

it('what follows an image belongs to the container', async () => {
  const program = makeProgram();
  const create = program.commands.find((one) => one.name() === 'service')!.commands[0]!;
  create.action(() => undefined);
  await program.parseAsync(['service', 'create', '-t', 'img', 'sh', '--as', 'x', '-e', 'A=1', '--network'], {
    from: 'user',
  });
  expect(create.args).toEqual(['img', 'sh', '--as', 'x', '-e', 'A=1', '--network']);
});

it.each([
  [['events', '--filter', 'type=node'], '--filter'],
  [['logs', '--until', '5m', 'web'], '--until'],
])('%j is refused by name', async (argv, flag) => {
  await expect(makeProgram().parseAsync(argv, { from: 'user' })).rejects.toThrow(
    `${flag} is not supported by this version of muster`,
  );
});

describe('exit codes', () => {
  class Named extends Error {
    constructor(name: string, fields: object = {}) {
      super('why');
      Object.assign(this, { name, ...fields });
    }
  }
  it.each([
    [new CliError('why'), 1],
    [new CliError('why', exitCodes.usage), 2],
    [new Named('QueryRefusedError', { kind: 'not-found' }), 1],
    [new Named('QueryRefusedError', { kind: 'timeout' }), 4],
    [new Named('ConnectError'), 3],
    [new Named('NoApiError'), 3],
    [new Named('LogUnavailableError'), 3],
    [new Named('RecordTooLargeError'), 1],
    [new Named('TemplateError'), 2],
    [new Named('StartError'), 1],
    [new Named('BackendUnavailableError'), 3],
    [new Named('Error', { code: 'EACCES', syscall: 'mkdir' }), 1],
    [new Named('TypeError'), 1],
  ])('%s ends with %d', (error, exitCode) => {
    const explained = explainError(error);
    expect(explained.exitCode).toBe(exitCode);
    expect(explained.message).toContain('why');
    // Only what we could not foresee says where it happened.
    const isFault = error.name === 'TypeError';
    expect(/\n +at /.test(explained.message)).toBe(isFault);
  });
});

describe('completion without names', () => {
  async function complete(...words: readonly string[]): Promise<string[]> {
    const lines: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    await completeWords(makeProgram(), words, {
      nats: 'nats://127.0.0.1:1',
      as: 'x',
      team: '',
      color: false,
    });
    log.mockRestore();
    return lines.filter((line) => !line.startsWith(':')).map((line) => line.split('\t')[0]!);
  }

  it.each([
    [['ser'], ['service']],
    [['service', 's'], ['scale']],
    [['service', 'create', '--restart-c'], ['--restart-condition']],
    [
      ['service', 'create', '--restart-condition', ''],
      ['none', 'on-failure', 'any'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['complet'], ['completion']],
    [['service', 'create', '-e', 'A=1', '--restart-condition=on'], ['on-failure']],
    [
      ['service', 'ls', '-'],
      [
        '--filter',
        '-f',
        '--format',
        '--quiet',
        '-q',
        '--no-trunc',
        '--all-teams',
        '--help',
        '-h',
        '--nats',
        '--as',
        '--team',
        '--no-color',
      ],
    ],
    [['service', 'ls', '--te'], ['--team']],
    [
      ['inspect', '--type', ''],
      ['service', 'node', 'network', 'task'],
    ],
    // What belongs to the container, and the value of an option, which may look like anything.
    [['service', 'create', 'img', '--', '--na'], []],
    [['service', 'create', '--name', '--restart-c'], []],
  ])('%j', async (words, offered) => {
    expect(await complete(...words)).toEqual(offered);
  });

  it.each([
    [['service', 'create', '--env-file', ''], ':0'],
    [['service', 'scale', ''], ':6'],
    [['service', 'ls', ''], ':4'],
  ])('%j ends with %s', async (words, directive) => {
    const lines: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    const globals = { nats: 'nats://127.0.0.1:1', as: 'x', team: '', color: false };
    await completeWords(makeProgram(), words, globals);
    log.mockRestore();
    expect(lines.at(-1)).toBe(directive);
  });

  it('does not offer what would be refused', async () => {
    expect(await complete('service', 'create', '--secr')).toEqual([]);
  });
});
