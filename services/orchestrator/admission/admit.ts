// The verdict on an intent: accepted by an event that makes the change, or refused by one that names the reason.
import {
  checkIntentSubject,
  definitionOfIntent,
  ENVELOPE_BYTES,
  FIRST_WIRE_VERSION,
  findUnreadable,
  type IntentFact,
  type IntentName,
  intents,
  sizeOfText,
  subjectOfEvent,
} from '@muster/events';
import { explainIssue, refuseYounger, restoreProtoKeys } from '@muster/model';
import type { Decision } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';
import { type Judge, type Refused, refusal, type Verdict } from './judge.ts';
import { judges } from './judges.ts';

/** Digits of a port that is left to the allocator. */
const PORT_BYTES = 5;

/** One decision for one intent, whatever the intent holds. */
export function admit(state: ClusterState, intent: IntentFact, maxRecordBytes: number): Decision {
  const verdict = checkSize(makeReadable(state, judgeSafely(state, intent)), maxRecordBytes);
  const event = 'event' in verdict ? verdict.event : rejectIntent(intent, verdict);
  return { event, expect: lastSeqOf(state, subjectOfEvent(event)) };
}

function rejectIntent({ seq, actor }: IntentFact, { refusal: { kind, message, field } }: Refused) {
  const facts = { actor, kind, message, ...(field !== undefined && { field }) };
  return { type: 'intent.rejected', cause: seq, intent: seq, ...facts } as const;
}

/** What follows from a spec is stored whole as well: its ports, with their numbers, and the command of each task. */
function checkSize(verdict: Verdict, maxRecordBytes: number): Verdict {
  if (!('event' in verdict) || !('spec' in verdict.event)) return verdict;
  const { spec, actor = '' } = verdict.event;
  const specBytes = Buffer.byteLength(JSON.stringify(spec));
  const ports = 'endpointSpec' in spec ? spec.endpointSpec.ports.length : 0;
  const bytes = specBytes + ports * PORT_BYTES + sizeOfText(actor) + ENVELOPE_BYTES;
  if (bytes <= maxRecordBytes) return verdict;
  return refusal(
    'invalid',
    `the spec is too large: with ${specBytes} bytes its records have up to ${bytes}, and the log takes at most ${maxRecordBytes}; make it smaller, or raise max_payload in the server's configuration`,
  );
}

/** A bug of ours that some intent meets must not keep every other from its verdict. */
function judgeSafely(state: ClusterState, intent: IntentFact): Verdict {
  try {
    return judge(state, intent);
  } catch (error) {
    return refusal('unsupported', `muster failed to read this: ${(error as Error).message}`);
  }
}

/** What nobody could read back is no verdict: whatever an intent holds, it gets one that is. */
function makeReadable({ wireVersion }: ClusterState, verdict: Verdict): Verdict {
  if ('refusal' in verdict) return verdict;
  const issue = findUnreadable(verdict.event, wireVersion);
  if (!issue) return verdict;
  const field = issue.path.replace(/^spec\./, '');
  return refusal('invalid', `${field} ${issue.message}`, field);
}

function judge(state: ClusterState, intent: IntentFact): Verdict {
  if (intent.error !== undefined) return refusal('invalid', intent.error);
  const misplaced = checkIntentSubject(intent);
  if (misplaced) return { refusal: misplaced };
  const definition = definitionOfIntent(intent);
  if (!definition) return refuseUnknown(intent);
  const { from = FIRST_WIRE_VERSION } = definition;
  if (state.wireVersion < from) {
    return { refusal: refuseYounger(`${intent.kind}.${intent.verb}`, state.wireVersion, 'verb') };
  }
  const body = definition.body.safeParse(intent.body);
  if (!body.success) return { refusal: explainIssue(body.error.issues[0]!) };
  // Each takes what the schema of its own name gives.
  const judgeOfIt = judges[`${definition.kind}.${definition.verb}` as IntentName] as Judge;
  return judgeOfIt(state, intent, restoreProtoKeys(body.data, intent.body));
}

function refuseUnknown({ kind, verb }: IntentFact): Verdict {
  const ofKind = intents.filter((definition) => definition.kind === kind);
  if (ofKind.length > 0) {
    const verbs = ofKind.map((definition) => definition.verb).join(', ');
    return refusal('unsupported', `unknown verb "${verb}" for ${kind}: there is ${verbs}`, 'verb');
  }
  const kinds = [...new Set(intents.map((definition) => definition.kind))].join(', ');
  return refusal('unsupported', `unknown kind "${kind}": there is ${kinds}`, 'kind');
}
