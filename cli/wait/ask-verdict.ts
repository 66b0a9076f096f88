// The answer to an intent as the API tells it, for who may not follow the log: what the orchestrator decided is in the
// audit of the name.

import type { AuditEntry, QueryClient } from '@muster/api';
import { acceptances } from '@muster/events';
import { sleep, systemClock } from '@muster/runtime';
import {
  type AcceptedObject,
  changeOf,
  SECOND_THOUGHTS_MS,
  type Verdict,
  type VerdictOptions,
} from './verdict.ts';

export interface AskVerdictOptions {
  readonly queries: QueryClient;
  /** The intent's sequence. */
  readonly intent: number;
  /** Of the service, with its team where that is another than `team`. */
  readonly name: string;
  readonly team: string;
  readonly timeoutMs: number;
  readonly stands: VerdictOptions['stands'];
}

/** An audit reads the log. */
const ASK_EVERY_MS = 500;

/** Undefined when nobody answers in time. */
export async function askVerdict(options: AskVerdictOptions): Promise<Verdict | undefined> {
  const giveUpAt = performance.now() + options.timeoutMs;
  let doubtedSince: number | undefined;
  for (;;) {
    const verdict = await findVerdict(options);
    if (verdict) {
      if (verdict.kind !== 'accepted' || (await options.stands(verdict))) return verdict;
      // A rejection follows; or it is removed again by now.
      doubtedSince ??= performance.now();
      if (performance.now() - doubtedSince > SECOND_THOUGHTS_MS) return verdict;
    }
    if (performance.now() + ASK_EVERY_MS > giveUpAt) return undefined;
    await sleep(systemClock, ASK_EVERY_MS);
  }
}

/** The last one counts: an acceptance that was void is followed by a rejection. */
async function findVerdict({ queries, intent, name, team }: AskVerdictOptions): Promise<Verdict | undefined> {
  try {
    const entries = await queries.list('audit', { about: name, ...teamOf(team), minSeq: intent });
    const verdicts = entries.filter(({ cause }) => cause === intent).map(readVerdict);
    return verdicts.findLast((verdict) => verdict !== undefined);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function readVerdict({ seq, kind, id = '', field, what, why = what }: AuditEntry): Verdict | undefined {
  if ((acceptances as readonly string[]).includes(kind)) {
    const object = { kind: kind.split('.')[0] as AcceptedObject['kind'], id };
    return { kind: 'accepted', seq, object, ...changeOf(kind) };
  }
  switch (kind) {
    case 'intent.satisfied':
      return { kind: 'satisfied', seq, message: why };
    case 'intent.rejected':
      return { kind: 'rejected', seq, message: why, field };
    default:
      return undefined;
  }
}

function teamOf(team: string): { team?: string } {
  return team === '' ? {} : { team };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'not-found';
}
