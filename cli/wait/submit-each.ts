// Several services at once: what is refused of one is said, and the others have their turn all the same, as with Docker.
import { readNameWithTeam, type TeamName } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError, type ExitCode, exitCodes, explainError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { chooseIntentId } from './append-intent.ts';
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
  const failures: { readonly message: string; readonly exitCode: number }[] = [];
  const accepted: Accepted[] = [];
  const id = chooseIntentId(flags);
  for (const { service, verb, body, announce } of wanted) {
    await goOn(failures, async () => {
      const named = await findName(context, service, flags);
      const own = wanted.length === 1 ? id : { ...id, part: service };
      accepted.push(await submit(context, { verb, ...named, body, id: own, shown: service }, flags));
      context.terminal.write(`${plainText(announce)}\n`);
    });
  }
  for (const one of accepted) await goOn(failures, () => followAccepted(context, one, flags));
  const [first] = failures;
  if (first) {
    const messages = failures.map(({ message }) => message);
    throw new CliError(messages.join('\nError: '), first.exitCode as ExitCode);
  }
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

async function goOn(
  failures: { readonly message: string; readonly exitCode: number }[],
  step: () => Promise<void>,
): Promise<void> {
  try {
    await step();
  } catch (error) {
    const isOfOneAlone =
      (error instanceof CliError && error.exitCode !== exitCodes.interrupted) ||
      (error instanceof Error && error.name === 'QueryRefusedError');
    if (!isOfOneAlone) throw error;
    failures.push(explainError(error));
  }
}
