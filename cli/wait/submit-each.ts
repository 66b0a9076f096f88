// Several services at once: what is refused of one is said, and the others have their turn all the same, as with Docker.
import { readNameWithTeam, type TeamName } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { plainText } from '../output/plain-text.ts';
import { chooseIntentId } from './append-intent.ts';
import { Failures } from './go-on-after.ts';
import { type Accepted, followAccepted, type Intent, resolveName, submit } from './submit.ts';

export interface Wanted extends Pick<Intent, 'verb' | 'body'> {
  /** As the user wrote it. */
  readonly service: string;
  /** What is printed once it is accepted. */
  readonly announce: string;
}

/** Ends with the first failure's exit code, and every failure's message. */
export async function submitEach(
  context: Context,
  wanted: readonly Wanted[],
  flags: WaitFlags,
): Promise<void> {
  const failures = new Failures();
  const accepted: Accepted[] = [];
  const id = chooseIntentId(flags);
  for (const { service, verb, body, announce } of wanted) {
    await failures.goOn(async () => {
      const named = await findName(context, service, flags);
      const own = wanted.length === 1 ? id : { ...id, part: service };
      accepted.push(await submit(context, { verb, ...named, body, id: own, shown: service }, flags));
      context.terminal.write(`${plainText(announce)}\n`);
    });
  }
  for (const one of accepted) await failures.goOn(() => followAccepted(context, one, flags));
  failures.tell();
}

/** What is asked again may have been done: then it is there no more, by whatever name. */
async function findName(context: Context, service: string, { intentId }: WaitFlags): Promise<TeamName> {
  try {
    return await resolveName(context, service);
  } catch (error) {
    const isGone = error instanceof Error && 'kind' in error && error.kind === 'not-found';
    if (intentId === undefined || !isGone) throw error;
    return readNameWithTeam(service, context.team);
  }
}
