// What a judge is: one for each kind and verb of intent, pure. It finds the change that an intent asks for, or why not.
import type { EventDraft, IntentFact } from '@muster/events';
import { type Refusal, refuse } from '@muster/model';
import type { ClusterState } from '@muster/state';

export type Verdict = { readonly event: EventDraft } | Refused;

export interface Refused {
  readonly refusal: Refusal;
}

/** `body` is the intent's, as the catalogue's schema reads it. */
export type Judge<Body = unknown> = (state: ClusterState, intent: IntentFact, body: Body) => Verdict;

export function refusal(...reason: Parameters<typeof refuse>): Refused {
  return { refusal: refuse(...reason) };
}

/** It asks for nothing that is not so already. */
export function satisfied({ seq, actor }: IntentFact, message: string): Verdict {
  return { event: { type: 'intent.satisfied', cause: seq, intent: seq, actor, message } };
}

/** Whoever starts from another version than there is did not know of what somebody did in the meantime. */
export function checkVersion(
  kind: 'service' | 'node',
  { specSeq }: { readonly specSeq: number },
  version: number | undefined,
): Refused | undefined {
  if (version === undefined || version === specSeq) return undefined;
  const message = `update out of sequence: the ${kind} is at version ${specSeq}, not ${version}`;
  return refusal('conflict', message, 'version');
}
