import type { Command } from 'commander';
import { exitCodes, usageError } from '../../errors.ts';
import { plainJson, plainText } from '../../output/plain-text.ts';
import type { Style, Terminal } from '../../output/terminal.ts';
import type { Step } from '../../why/step.ts';
import { addExamples, withCluster } from '../context.ts';

interface Flags {
  readonly format?: string;
  readonly connect?: boolean;
}

/** Entries of the log that are shown where packets stop. */
const LAST_ENTRIES = 3;

export function addNetworkWhy(network: Command): void {
  const command = network
    .command('why')
    .summary('Follow packets from a task to another, and say where they stop')
    .description(
      'Follow packets from a task to another task or a service: the network that both are on, the name, the virtual address, rules, routes and who listens, as the log says that it is to be and as the kernels of their nodes have it. Exit code 1 when they stop on the way.',
    )
    .usage('[OPTIONS] TASK|ADDRESS TASK|SERVICE|ADDRESS[:PORT]')
    .argument('<from>', 'a task (web.1, or its ID), or the address of one')
    .argument('<to>', "a service, a task, or an address; with a port of the container's own")
    .option('--connect', 'try a connection as well, from where the task is: whoever listens there sees it')
    .option('--format <format>', 'json: one step a line');
  addExamples(
    command,
    'muster network why web.1 db:5432',
    'muster network why --connect 10.0.3.7 db:5432',
    'muster network why --format json web.1 db.2',
  );
  command.action(async (from: string, target: string, { format, connect = false }: Flags) => {
    if (format !== undefined && format !== 'json') throw usageError('--format takes json');
    const { to, port } = splitPort(target);
    if (connect && port === undefined) throw usageError('--connect needs a port: SERVICE:PORT');
    await withCluster(command, async (context) => {
      const { askWay } = await import('../../why/ask-way.ts');
      const { isEnd, judgeWay } = await import('../../why/judge-way.ts');
      const seen = await askWay(context, { from, to, port, connect });
      const steps = judgeWay(seen);
      const print = format === 'json' ? (step: Step) => `${plainJson(step)}\n` : printer(context.terminal);
      context.terminal.write(steps.map(print).join(''));
      if (!steps.some(isEnd)) return;
      process.exitCode = exitCodes.refused;
      if (format === 'json') return;
      const { formatEntry } = await import('../../events/audit-text.ts');
      const about = seen.way.to.service.id;
      const story = await context.queries.list('audit', { about, team: context.team });
      context.terminal.write(`\nLast in the log of ${plainText(seen.way.to.service.name)}:\n`);
      const entry = formatEntry(undefined, context.terminal);
      context.terminal.write(story.slice(-LAST_ENTRIES).map(entry).join(''));
    });
  });
}

/** Of an IPv6 address only where it stands in brackets. */
export function splitPort(text: string): { readonly to: string; readonly port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  const [, to, digits] = bracketed ?? /^([^:]*)(?::(\d+))?$/.exec(text) ?? [undefined, text];
  if (to === undefined || to === '')
    throw usageError(`"${text}" is no service or task, with or without a port`);
  if (digits === undefined) return { to, port: undefined };
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw usageError(`${digits} is no port`);
  return { to, port };
}

const words: Readonly<Record<Step['level'], readonly [Style, string]>> = {
  ok: ['green', 'ok'],
  doubt: ['yellow', 'doubt'],
  stops: ['red', 'stops here'],
};

function printer({ style }: Pick<Terminal, 'style'>): (step: Step) => string {
  return ({ level, what, says, advice }) => {
    const [colour, word] = words[level];
    const line = `${style(colour, word.padEnd(10))} ${what.padEnd(7)} ${plainText(says)}\n`;
    return advice === undefined ? line : `${line}${' '.repeat(19)}-> ${plainText(advice)}\n`;
  };
}
