// Asks for a change: publishes the intent, waits for the verdict, and then for the change itself.
import { canNameInSubject, encodeJson, intentSubject } from '@muster/events';
import { DEFAULT_TEAM, nameWithTeam, nanosToMs, readNameWithTeam, type TeamName } from '@muster/model';
import type { Context } from '../commands/context.ts';
import type { WaitFlags } from '../commands/wait-options.ts';
import { CliError, exitCodes, explainError } from '../errors.ts';
import { plainText } from '../output/plain-text.ts';
import { explainPermission, permissionOf } from '../permissions.ts';
import { appendIntent, type IntentId } from './append-intent.ts';
import { type AskVerdictOptions, askVerdict } from './ask-verdict.ts';
import { converge } from './converge.ts';
import { interruptible } from './interruptible.ts';
import { type Acceptance, type Verdict, waitForVerdict } from './verdict.ts';
import { watchWhom } from './whom.ts';

export interface Intent extends TeamName {
  /** A service's, unless said otherwise. */
  readonly kind?: 'service' | 'network' | 'cluster';
  readonly verb: 'create' | 'update' | 'scale' | 'rollback' | 'remove';
  readonly body: unknown;
  readonly id: IntentId;
  /** The service as the user wrote it. */
  readonly shown?: string;
}

export interface Accepted extends TeamName {
  readonly verdict: Exclude<Verdict, { kind: 'rejected' }>;
  readonly verb: Intent['verb'];
}

const VERDICT_TIMEOUT_MS = 30_000;
const STABLE_FOR_MS = 5_000;

/** Throws what the orchestrator says when it says no. */
export async function submit(context: Context, intent: Intent, flags: WaitFlags): Promise<Accepted> {
  const { actor } = context;
  const { kind = 'service', verb, team, name, body, id } = intent;
  // A name that can't stand in a subject is the orchestrator's to refuse: it then is in the body alone.
  const subject = intentSubject(actor, kind, verb, canNameInSubject(name) ? name : undefined, team);
  const shown = name === '' ? kind : nameWithTeam({ team, name });
  const data = body === undefined ? new Uint8Array() : encodeJson(body);
  const seq = await appendIntent(context, { subject, data, id, name: shown });
  return { verdict: await awaitAcceptance(context, seq, shown, flags), verb, team, name };
}

/** The verdict on an intent that is in the log. Throws what the orchestrator says when it says no. */
export async function awaitAcceptance(
  context: Context,
  seq: number,
  name: string,
  flags: WaitFlags,
): Promise<Accepted['verdict']> {
  const timeoutMs = flags.timeout === undefined ? VERDICT_TIMEOUT_MS : nanosToMs(flags.timeout);
  const stands = (verdict: Acceptance) => checkStands(context, verdict);
  const whom = watchWhom(context, ['orchestrator'], (says) =>
    context.terminal.note(`intent #${seq} ${says}\n`),
  );
  const verdict = await interruptible(
    `Intent #${seq} is in the log, and goes its way. See it with \`muster audit ${name}\`.`,
    () =>
      waitForVerdict({ log: context.log, intent: seq, timeoutMs, stands }).catch((error: unknown) =>
        askInstead(context, error, { intent: seq, name, timeoutMs, stands }),
      ),
  ).finally(whom.stop);
  return checkVerdict(verdict, seq, timeoutMs, whom.says);
}

/** Who may not follow the log may ask the API. */
async function askInstead(
  { queries, team, terminal }: Context,
  error: unknown,
  about: Omit<AskVerdictOptions, 'queries' | 'team'>,
): Promise<Verdict | undefined> {
  const missing = permissionOf(error);
  if (!missing) throw error;
  try {
    const verdict = await askVerdict({ queries, team, ...about });
    terminal.note(`Warning: ${explainPermission(missing)}: the API was asked instead.\n`);
    return verdict;
  } catch (failure) {
    const { message } = explainError(failure);
    throw new CliError(
      `intent #${about.intent} is in the log, and goes its way, but what becomes of it can't be seen: ${explainPermission(missing)}; and of the API: ${message}`,
    );
  }
}

function checkVerdict(
  verdict: Verdict | undefined,
  seq: number,
  timeoutMs: number,
  waits = 'has no verdict: start an orchestrator with `muster orchestrator`, or see `muster doctor`',
): Accepted['verdict'] {
  if (verdict === undefined) {
    throw new CliError(
      `intent #${seq} is in the log, and no orchestrator answered it within ${timeoutMs / 1000} seconds: it ${waits}`,
      exitCodes.timedOut,
    );
  }
  if (verdict.kind !== 'rejected') return verdict;
  const { message, field } = verdict;
  const where = field === undefined || message.includes(field) ? '' : ` (field: ${field})`;
  throw new CliError(plainText(`${message}${where}`));
}

/** Without an API nobody can tell; then the event is taken at its word. */
async function checkStands({ queries }: Context, verdict: Acceptance): Promise<boolean> {
  const { object, seq: minSeq, created, removed = false } = verdict;
  if (!created && !removed) return true;
  try {
    if (object.kind === 'service') {
      await queries.ask('service.inspect', { service: object.id, minSeq });
      return true;
    }
    const { answer } = await queries.ask('network.inspect', { network: object.id, minSeq });
    return created || answer.removed;
  } catch (error) {
    const isGone = error instanceof Error && 'kind' in error && error.kind === 'not-found';
    return !isGone || removed;
  }
}

export async function followAccepted(
  context: Context,
  { verdict, verb, team, name }: Accepted,
  flags: WaitFlags,
): Promise<void> {
  if (flags.detach) return;
  await converge(context, {
    service: verdict.kind === 'accepted' ? verdict.object.id : nameWithTeam({ team, name }),
    name: nameWithTeam({ team, name }),
    removing: verb === 'remove',
    updating: verb !== 'update' ? undefined : verdict.kind === 'accepted' ? verdict.seq : 'any',
    goingBack: verb === 'rollback' || verdict.kind !== 'accepted',
    untilUpdated: flags.stableFor === undefined,
    fromSeq: verdict.seq,
    stableForMs: flags.stableFor === undefined ? STABLE_FOR_MS : nanosToMs(flags.stableFor),
    timeoutMs: flags.timeout === undefined ? undefined : nanosToMs(flags.timeout),
    quiet: flags.quiet === true,
  });
}

export async function submitAndFollow(
  context: Context,
  intent: Intent & { readonly announce: 'id' | 'name' },
  flags: WaitFlags,
): Promise<void> {
  const accepted = await submit(context, intent, flags);
  const { verdict } = accepted;
  const id = verdict.kind === 'accepted' ? verdict.object.id : intent.name;
  context.terminal.write(`${plainText(intent.announce === 'id' ? id : (intent.shown ?? intent.name))}\n`);
  if (verdict.kind === 'satisfied') context.terminal.note(`${plainText(verdict.message)}\n`);
  await followAccepted(context, accepted, flags);
}

/** Team and name of a service that may be given by its ID. Without an API, a name is what it must be. */
export async function resolveName({ queries, team: asked }: Context, service: string): Promise<TeamName> {
  try {
    const { team = DEFAULT_TEAM, name } = (await queries.ask('service.inspect', { service, team: asked }))
      .answer;
    return { team, name };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoApiError') return readNameWithTeam(service, asked);
    throw error;
  }
}
