// Several things, one after the other: what fails of one is said in the end, and the others have their turn all the same, as
// with Docker.
import { CliError, type ExitCode, exitCodes, explainError } from '../errors.ts';

type Failure = { readonly message: string; readonly exitCode: number };

export class Failures {
  private readonly all: Failure[] = [];

  /** Throws what is not about one of them alone. */
  async goOn(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const isOfOneAlone =
        (error instanceof CliError && error.exitCode !== exitCodes.interrupted) ||
        (error instanceof Error && error.name === 'QueryRefusedError');
      if (!isOfOneAlone) throw error;
      this.all.push(explainError(error));
    }
  }

  /** With the first one's exit code, and every one's message. */
  tell(): void {
    const [first] = this.all;
    if (!first) return;
    const messages = this.all.map(({ message }) => message);
    throw new CliError(messages.join('\nError: '), first.exitCode as ExitCode);
  }
}

export async function goOnAfter<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const failures = new Failures();
  for (const item of items) await failures.goOn(() => step(item));
  failures.tell();
}
