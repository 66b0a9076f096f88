// Publishes whatever it is given, and tells what became of it.
import { parseIntentSubject } from '@muster/events';
import { nameWithTeam } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { awaitAcceptance } from './submit.ts';

export async function publishRaw(
  context: Context,
  subject: string,
  payload: Uint8Array,
  flags: WaitFlags,
): Promise<void> {
  const { log, terminal } = context;
  const appended = await log.append(subject, payload);
  if (!appended.ok) throw new CliError('the log refused the record');
  const { seq } = appended;
  terminal.write(`#${seq} ${plainText(subject)}\n`);
  const intent = parseIntentSubject(subject);
  if (intent === undefined || flags.detach) return;
  const { team, name = '' } = intent;
  const verdict = await awaitAcceptance(context, seq, nameWithTeam({ team, name }), flags);
  const says = verdict.kind === 'satisfied' ? `: ${verdict.message}` : ` (service ${verdict.serviceId})`;
  terminal.write(`#${verdict.seq} accepted${plainText(says)}\n`);
}
