// The answer to an intent as the API tells it, for who may not follow the log: what the orchestrator decided is in the
// audit of the name, and what it brought about in the state.
import type { QueryClient } from '@muster/api';
import { sleep, systemClock } from '@muster/runtime';
import type { Verdict } from './verdict.ts';

export interface AskVerdictOptions {
  readonly queries: QueryClient;
  /** The intent's sequence. */
  readonly intent: number;
  /** Of the service, with its team where that is another than `team`. */
  readonly name: string;
  readonly team: string;
  readonly timeoutMs: number;
}

/** An audit reads the log. */
const ASK_EVERY_MS = 500;

/** Undefined when nobody answers in time. */
export async function askVerdict(options: AskVerdictOptions): Promise<Verdict | undefined> {
  const giveUpAt = performance.now() + options.timeoutMs;
  for (;;) {
    const entry = await findDecision(options);
    if (entry) return readDecision(options, entry);
    if (performance.now() + ASK_EVERY_MS > giveUpAt) return undefined;
    await sleep(systemClock, ASK_EVERY_MS);
  }
}

interface Decision {
  readonly seq: number;
  readonly what: string;
  readonly why?: string | undefined;
}

/** The last one counts: an acceptance that was void is followed by a rejection. */
async function findDecision({
  queries,
  intent,
  name,
  team,
}: AskVerdictOptions): Promise<Decision | undefined> {
  try {
    const entries = await queries.list('audit', { about: name, ...teamOf(team), minSeq: intent });
    return entries.findLast(({ who, cause }) => who === 'orchestrator' && cause === intent);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function readDecision(
  { queries, name, team }: AskVerdictOptions,
  { seq, what, why = what }: Decision,
): Promise<Verdict> {
  if (what.startsWith('rejected')) {
    return { kind: 'rejected', seq, message: why, field: /\((.*)\)$/.exec(what)?.[1] };
  }
  if (what.endsWith('nothing to do')) return { kind: 'satisfied', seq, message: why };
  const serviceId = await queries
    .ask('service.inspect', { service: name, ...teamOf(team), minSeq: seq })
    .then(({ answer }) => answer.id)
    .catch((error: unknown) => {
      // It is removed already.
      if (isNotFound(error)) return name;
      throw error;
    });
  return { kind: 'accepted', seq, serviceId, created: / is created/.test(what) };
}

function teamOf(team: string): { team?: string } {
  return team === '' ? {} : { team };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'not-found';
}
