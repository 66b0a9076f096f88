// What every `inspect` has in common: what is found is printed, what isn't makes the command fail.
import { CliError } from '../../errors.ts';
import { printObjects } from '../../output/inspect.ts';
import type { Context } from '../context.ts';

export async function inspectObjects<T>(
  { terminal }: Context,
  names: readonly string[],
  find: (name: string) => Promise<T>,
  print: {
    readonly format: string | undefined;
    readonly toObject: (found: T) => object;
    readonly pretty?: (found: T) => string;
  },
): Promise<void> {
  const found: T[] = [];
  const missing: string[] = [];
  for (const name of names) {
    try {
      found.push(await find(name));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      missing.push(error.message);
    }
  }
  const { pretty } = print;
  if (pretty) terminal.write(found.map(pretty).join('\n'));
  else if (found.length > 0 || print.format === undefined)
    terminal.write(printObjects(found.map(print.toObject), print.format));
  if (missing.length > 0) throw new CliError(missing.join('\nError: '));
}

function isRefusal(error: unknown): error is Error {
  return error instanceof CliError || (error instanceof Error && error.name === 'QueryRefusedError');
}
