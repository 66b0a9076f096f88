// Removes the networks that nothing is on. Somebody may come to be on one meanwhile: that one stays, and nothing is said of it.
import type { NetworkView } from '@muster/api';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError, exitCodes } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { chooseIntentId } from './append-intent.ts';
import { submit } from './submit.ts';

export async function pruneNetworks(
  context: Context,
  isChosen: (network: NetworkView) => boolean,
  flags: WaitFlags,
): Promise<void> {
  const { queries, team, terminal } = context;
  const all = await queries.list('network.list', { team });
  const unused = all.filter((network) => network.services === 0 && !network.ingress && isChosen(network));
  const given = chooseIntentId(flags);
  let removed = 0;
  for (const { id: name, name: shown } of unused) {
    const intent = {
      kind: 'network',
      verb: 'remove',
      body: undefined,
      id: { ...given, part: shown },
    } as const;
    try {
      await submit(context, { ...intent, team, name }, flags);
    } catch (error) {
      if (error instanceof CliError && error.exitCode === exitCodes.refused) continue;
      throw error;
    }
    if (removed === 0) terminal.write('Deleted Networks:\n');
    terminal.write(`${plainText(shown)}\n`);
    removed += 1;
  }
}
