// Several services at once: what is refused of one is said, and the others have their turn all the same, as with Docker.
import type { TeamName } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError, type ExitCode, exitCodes, explainError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
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
  for (const { service, verb, body, announce } of wanted) {
    await goOn(failures, async () => {
      const named: TeamName = await resolveName(context, service);
      accepted.push(await submit(context, { verb, ...named, body, shown: service }, flags));
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
