// Declares a record void: looks at it, asks whether it is meant, and appends the event that says so. Works with nothing but
// NATS running, as everything else may have halted.
import { CLUSTER_SUBJECT, composeEvent, decode, FIRST_WIRE_VERSION } from '@muster/events';
import type { Log, LogRecord } from '@muster/log';
import { findLastSeq, readVoids, systemClock } from '@muster/runtime';
import { mayBeVoided, sumOfRecord, type Voids } from '@muster/state';
import { askCopies } from '@muster/telemetry';
import type { Context } from '../commands/context.ts';
import { CliError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { judgeVoid } from './judge-void.ts';

export interface VoidOptions {
  readonly why: string;
  /** Though some copies understand it. */
  readonly force: boolean;
  /** Whether it is meant; asked last. */
  readonly confirm: (question: string) => Promise<boolean>;
}

export interface Voided {
  /** Of the event that says so. */
  readonly seq: number;
  readonly record: number;
  readonly subject: string;
  readonly actor: string;
  readonly reason: string;
  /** Somebody had said so before. */
  readonly already: boolean;
}

const ANSWER_MS = 500;
const MAX_NAMED = 5;

export async function voidRecord(
  { log, bus, actor }: Pick<Context, 'log' | 'bus' | 'actor'>,
  seq: number,
  { why, force, confirm }: VoidOptions,
): Promise<Voided> {
  const record = await log.find(seq);
  if (!record) throw new CliError(`the log has no record ${seq}: it ends at ${await log.head()}`);
  const voids = await readVoids(log);
  const known = describe(record, voids);
  if (known) return known;
  const fact = decode(record, await findWireVersion(log, record.seq, voids));
  const processes = await askCopies(bus, 'control', { patienceMs: ANSWER_MS });
  const judged = judgeVoid({ fact, mayBeVoided: mayBeVoided(record), processes });
  if (!judged.ok) throw new CliError(plainText(judged.message));
  const { because, understoodBy } = judged;
  if (understoodBy.length > 0 && !force)
    throw new CliError(
      plainText(
        `record ${seq} halts some copies (${because}), and is understood by ${listSome(understoodBy)}: upgrade the others; --force declares it void all the same, and what was decided because of it may go with it`,
      ),
    );
  const question = `${plainText(`Record #${seq} on ${record.subject}: ${because}.`)}\nEverybody is to fold the log without it. That can't be undone. Go on? [y/N] `;
  if (!(await confirm(question))) throw new CliError('nothing was done');
  return declare(log, record, actor, why);
}

/** Under compare-and-set on the actor's own subject: who loses looks again whether it is said already. */
async function declare(log: Log, record: LogRecord, actor: string, reason: string): Promise<Voided> {
  const { subject, data } = composeEvent(
    {
      type: 'record.voided',
      cause: record.seq,
      actor,
      record: record.seq,
      subject: record.subject,
      sum: sumOfRecord(record),
      reason,
    },
    systemClock.now(),
  );
  for (;;) {
    const last = await findLastSeq(log, subject, await log.head());
    const result = await log.append(subject, data, { expectLastSubjectSeq: last });
    if (result.ok)
      return { seq: result.seq, record: record.seq, subject: record.subject, actor, reason, already: false };
    const known = describe(record, await readVoids(log));
    if (known) return known;
  }
}

function describe({ seq: record, subject }: LogRecord, { byRecord }: Voids): Voided | undefined {
  const known = byRecord.get(record);
  return known && { ...known, record, subject, already: true };
}

/** The cluster's, where the record stands: told by the decisions that raised it. */
async function findWireVersion(log: Log, before: number, { byRecord }: Voids): Promise<number> {
  let version = FIRST_WIRE_VERSION;
  if (before <= 1) return version;
  for await (const record of log.read({ from: 1, to: before - 1, subjects: [CLUSTER_SUBJECT] })) {
    const fact = decode(record, version);
    if (byRecord.has(record.seq) || fact.is !== 'event') continue;
    if (fact.event.type === 'cluster.version_raised') version = Math.max(version, fact.event.version);
  }
  return version;
}

function listSome(names: readonly string[]): string {
  const others = names.length - MAX_NAMED;
  return [...names.slice(0, MAX_NAMED), ...(others > 0 ? [`${others} more`] : [])].join(', ');
}
