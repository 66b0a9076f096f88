// Removes several networks, one after the other: what is refused of one is said, and the others have their turn.
import { isPredefined, readNameWithTeam, type TeamName } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { chooseIntentId } from './append-intent.ts';
import { goOnAfter } from './go-on-after.ts';
import { submit } from './submit.ts';

export async function removeNetworks(
  context: Context,
  names: readonly string[],
  { force, ...flags }: WaitFlags & { readonly force: boolean },
): Promise<void> {
  const id = chooseIntentId(flags);
  await goOnAfter(names, async (shown) => {
    if (isPredefined(shown)) throw new CliError(`${shown} is a pre-defined network and cannot be removed`);
    const named = await nameNetwork(context, shown, { force, isAgain: flags.intentId !== undefined });
    if (named) {
      const own = names.length === 1 ? id : { ...id, part: shown };
      const intent = { kind: 'network', verb: 'remove', body: undefined, id: own, ...named } as const;
      await submit(context, intent, flags);
    }
    context.terminal.write(`${plainText(shown)}\n`);
  });
}

/** Undefined when there is none and that is no error. Without an API, a name or an id is what it must be. */
async function nameNetwork(
  { queries, team: asked }: Context,
  network: string,
  { force, isAgain }: { readonly force: boolean; readonly isAgain: boolean },
): Promise<TeamName | undefined> {
  try {
    const { id, team = '' } = (await queries.ask('network.inspect', { network, team: asked })).answer;
    return { team, name: id };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'NoApiError') return readNameWithTeam(network, asked);
    if (!('kind' in error) || error.kind !== 'not-found') throw error;
    if (force) return undefined;
    // What is asked again may have been done.
    if (isAgain) return readNameWithTeam(network, asked);
    throw error;
  }
}
