// Puts an intent into the log, under an id of its own, so that whoever does not know what became of it may ask again: what
// has the id of another is not stored, and is answered with what became of that one.
import { randomUUID } from 'node:crypto';
import { DUPLICATE_WINDOW_MS } from '@muster/log';
import type { Context } from '../commands/context.ts';
import { CliError, exitCodes } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { permissionOf } from '../permissions.ts';

/** The id of what one command asks for. */
export interface IntentId {
  /** What the user gave, or would have to give. */
  readonly given: string;
  /** Where the command asks for several things, which of them. */
  readonly part?: string;
  /** Other options that a repetition needs, to be the same. */
  readonly withOptions?: string;
}

export interface IntentRecord {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly id: IntentId;
  /** Whom it is about. */
  readonly name: string;
}

export function chooseIntentId({ intentId }: { readonly intentId?: string }): IntentId {
  return { given: intentId ?? randomUUID() };
}

/** Its sequence. */
export async function appendIntent(
  { log, terminal }: Pick<Context, 'log' | 'terminal'>,
  { subject, data, id, name }: IntentRecord,
): Promise<number> {
  const whole = id.part === undefined ? id.given : `${id.given}/${id.part}`;
  const appended = await log.append(subject, data, { id: whole }).catch((error: unknown) => {
    throw explainUnknown(error, id, name);
  });
  if (!appended.ok) throw new CliError('the log refused the intent');
  const { seq, duplicate } = appended;
  if (duplicate) {
    const other = await findOther(log, seq, subject);
    if (other !== undefined)
      throw new CliError(
        `nothing was asked: the id ${whole} is that of intent #${seq}, on ${plainText(other)}; take another`,
      );
    terminal.note(`intent #${seq} was asked before with this id: it is not asked again\n`);
  }
  return seq;
}

/** The subject of the record that has the id, if it is not this one. Whoever may not read it has to believe it. */
async function findOther(log: Context['log'], seq: number, subject: string): Promise<string | undefined> {
  try {
    const record = await log.find(seq);
    return record?.subject === subject ? undefined : record?.subject;
  } catch (error) {
    if (permissionOf(error)) return undefined;
    throw error;
  }
}

/** What was sent and never acknowledged may be stored all the same, and later than anybody waits. */
function explainUnknown(error: unknown, { given, withOptions }: IntentId, name: string): unknown {
  if (!(error instanceof Error) || error.name !== 'LogUnavailableError') return error;
  const again = [`--intent-id ${given}`, ...(withOptions === undefined ? [] : [withOptions])].join(' ');
  const see = name === '' ? 'muster audit' : `muster audit ${name}`;
  return new CliError(
    `not known yet whether this is in the log: ${error.message}; to ask again, repeat the command with \`${again}\` within ${DUPLICATE_WINDOW_MS / 60_000} minutes, which asks once however often it is said; later, see \`${see}\` first`,
    exitCodes.unreachable,
  );
}
