// `muster log`: the log itself. What it says is shown by `muster events`.
import { type Command, InvalidArgumentError } from 'commander';
import { CliError, usageError } from '../errors.ts';
import { plainFields, plainJson, plainText } from '../output/plain-text.ts';
import { addExamples, withCluster } from './context.ts';

interface VoidFlags {
  readonly why?: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly format?: string;
}

/** A text for people. */
const MAX_WHY_LENGTH = 1_000;

export function addLogCommand(program: Command): void {
  const log = program
    .command('log')
    .summary('Declare records of the log void')
    .description('Manage the log itself. `muster events` shows what it says.');
  const command = log
    .command('void')
    .summary('Declare a record void that halts the cluster')
    .description(
      'Declare a record void: a record that halts the cluster, because no copy understands it, or that is no event. Every copy folds the log again without it. It stays in the log, with who declared it void and why. It can not be undone. Needs the permission to publish on muster.event.operator.void.<actor>.',
    )
    .usage('[OPTIONS] SEQ --why TEXT')
    .argument('<seq>', 'the sequence of the record, as `muster doctor` says it', parseSeq)
    .requiredOption('--why <text>', 'the reason, kept in the log', parseWhy)
    .option('-y, --yes', "don't ask whether it is meant")
    .option('--force', 'though some copies understand the record')
    .option('--format <format>', 'json, or a Go template over .Seq .Record .Subject .Actor .Why .Already');
  addExamples(
    command,
    'muster log void 1234 --why "a test wrote it by mistake"',
    'muster log void 1234 --yes --why "of a build that was taken back" --format json',
  );
  command.action(async (seq: number, { why = '', yes = false, force = false, format }: VoidFlags) => {
    const print = await choosePrint(format);
    await withCluster(command, async (context) => {
      const { voidRecord } = await import('../void/void-record.ts');
      const confirm = (question: string) => (yes ? Promise.resolve(true) : ask(question));
      const { terminal } = context;
      terminal.write(print(await voidRecord(context, seq, { why, force, confirm })));
    });
  });
}

type Voided = Awaited<ReturnType<typeof import('../void/void-record.ts').voidRecord>>;

async function choosePrint(format: string | undefined): Promise<(voided: Voided) => string> {
  if (format === undefined)
    return ({ seq, record, actor, reason, already }) =>
      already
        ? `record #${record} is void already, since #${seq} by ${plainText(actor)}: ${plainText(reason)}\n`
        : `#${seq} record #${record} is void: every copy folds again without it\n`;
  if (format === 'json') return (voided) => `${plainJson(voided)}\n`;
  const { compileTemplate } = await import('../output/template.ts');
  const template = compileTemplate(format);
  return ({ seq, record, subject, actor, reason, already }) =>
    `${template(plainFields({ Seq: seq, Record: record, Subject: subject, Actor: actor, Why: reason, Already: already }))}\n`;
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw usageError("it can't be undone, and nobody can be asked: add --yes");
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}

function parseSeq(text: string): number {
  const seq = Number(text.replace(/^#/, ''));
  if (!Number.isSafeInteger(seq) || seq < 1)
    throw new InvalidArgumentError('The sequence of a record is a whole number, at least 1.');
  return seq;
}

function parseWhy(text: string): string {
  const why = text.trim();
  if (why === '') throw new InvalidArgumentError('Say why: it is kept in the log.');
  if (why.length > MAX_WHY_LENGTH)
    throw new CliError(`the reason has ${why.length} characters; at most ${MAX_WHY_LENGTH} are kept`);
  return why;
}
