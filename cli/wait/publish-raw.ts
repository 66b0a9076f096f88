// Publishes whatever it is given, and tells what became of it.
import { parseIntentSubject } from '@muster/events';
import { nameWithTeam } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { plainText } from '../output/plain-text.ts';
import { appendIntent, chooseIntentId } from './append-intent.ts';
import { awaitAcceptance } from './submit.ts';

export async function publishRaw(
  context: Context,
  subject: string,
  payload: Uint8Array,
  flags: WaitFlags,
): Promise<void> {
  const { terminal } = context;
  const intent = parseIntentSubject(subject);
  const name = intent === undefined ? '' : nameWithTeam({ team: intent.team, name: intent.name ?? '' });
  const seq = await appendIntent(context, { subject, data: payload, id: chooseIntentId(flags), name });
  terminal.write(`#${seq} ${plainText(subject)}\n`);
  if (intent === undefined || flags.detach) return;
  const verdict = await awaitAcceptance(context, seq, name, flags);
  const says =
    verdict.kind === 'satisfied' ? `: ${verdict.message}` : ` (${verdict.object.kind} ${verdict.object.id})`;
  terminal.write(`#${verdict.seq} accepted${plainText(says)}\n`);
}
