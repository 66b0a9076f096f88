// Asks something of several nodes, one after the other: what is refused of one is said, and the others have their turn.
import type { NodeDetail } from '@muster/api';
import { canNameInSubject, encodeJson, intentSubject } from '@muster/events';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { appendIntent, chooseIntentId, type IntentId } from './append-intent.ts';
import { goOnAfter } from './go-on-after.ts';
import { awaitAcceptance } from './submit.ts';

export interface AskedNode {
  /** As the user wrote it. */
  readonly shown: string;
  /** Undefined when nobody can tell. */
  readonly found: NodeDetail | undefined;
}

type NodeRequest =
  | { readonly verb: 'update' | 'remove'; readonly body: object; readonly announce: string }
  /** There is nothing to ask: what is said instead. */
  | { readonly already: string };

/** May throw a CliError, which is about that node alone. */
export type AskOfNode = (node: AskedNode) => NodeRequest;

export async function askOfNodes(
  context: Context,
  names: readonly string[],
  flags: WaitFlags,
  ask: AskOfNode,
): Promise<void> {
  const id = chooseIntentId(flags);
  await goOnAfter(names, async (shown) => {
    const found = await findNode(context, shown, flags);
    const request = ask({ shown, found });
    if ('already' in request) {
      context.terminal.write(`${plainText(request.already)}\n`);
      return;
    }
    const own = names.length === 1 ? id : { ...id, part: shown };
    await submitNode(context, { ...request, name: found?.id ?? shown, id: own }, flags);
    context.terminal.write(`${plainText(request.announce)}\n`);
  });
}

async function submitNode(
  context: Context,
  {
    verb,
    body,
    name,
    id,
  }: { readonly verb: string; readonly body: object; readonly name: string; readonly id: IntentId },
  flags: WaitFlags,
): Promise<void> {
  if (!canNameInSubject(name)) throw new CliError(`no such node: ${name}`);
  const subject = intentSubject(context.actor, 'node', verb, name);
  const seq = await appendIntent(context, { subject, data: encodeJson(body), id, name });
  const verdict = await awaitAcceptance(context, seq, name, flags);
  if (verdict.kind === 'satisfied') context.terminal.note(`${plainText(verdict.message)}\n`);
}

/** Without an API, what was written must be its ID or hostname. What is asked again may have been done. */
async function findNode(
  { queries }: Context,
  node: string,
  { intentId }: WaitFlags,
): Promise<NodeDetail | undefined> {
  try {
    return (await queries.ask('node.inspect', { node })).answer;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === 'NoApiError') return undefined;
    if (intentId !== undefined && 'kind' in error && error.kind === 'not-found') return undefined;
    throw error;
  }
}
