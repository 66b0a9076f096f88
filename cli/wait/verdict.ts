// Waits for the answer to an intent: the first event that accepts or rejects it.
import {
  type Acceptance as AcceptingEvent,
  CLUSTER_SUBJECT,
  decode,
  eventSubject,
  isAcceptance,
} from '@muster/events';
import type { Following, Log, LogRecord } from '@muster/log';

/** What an intent that was accepted made, changed or removed. */
export interface AcceptedObject {
  readonly kind: 'service' | 'node' | 'network' | 'cluster';
  readonly id: string;
}

export type Verdict =
  | {
      readonly kind: 'accepted';
      readonly seq: number;
      readonly object: AcceptedObject;
      readonly created: boolean;
      readonly removed?: boolean;
    }
  /** It asked for nothing that was not so already. */
  | { readonly kind: 'satisfied'; readonly seq: number; readonly message: string }
  | {
      readonly kind: 'rejected';
      readonly seq: number;
      readonly message: string;
      readonly field: string | undefined;
    };

export type Acceptance = Extract<Verdict, { kind: 'accepted' }>;

export interface VerdictOptions {
  readonly log: Log;
  /** The intent's sequence. */
  readonly intent: number;
  readonly timeoutMs: number;
  /**
   * Whether what an event creates is really there, or gone: when two intents for one name are accepted at the same time, or
   * a service and the removal of its network, the second event is void, and a rejection follows.
   */
  readonly stands: (verdict: Acceptance) => Promise<boolean>;
}

/** A rejection that was due has come within this time. */
export const SECOND_THOUGHTS_MS = 2_000;

/** Undefined when nobody answers in time. */
export async function waitForVerdict(options: VerdictOptions): Promise<Verdict | undefined> {
  const { log, intent, timeoutMs, stands } = options;
  const verdicts: Verdict[] = [];
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  const following: Following = await log.follow({
    from: intent + 1,
    subjects: [
      'muster.event.orchestrator.service.*',
      'muster.event.orchestrator.node.*',
      'muster.event.orchestrator.network.*',
      CLUSTER_SUBJECT,
      eventSubject('orchestrator', 'intent', intent),
    ],
    onRecord(record) {
      const verdict = readVerdict(record, intent);
      if (!verdict) return;
      verdicts.push(verdict);
      wake();
    },
    onError(error) {
      failure = error;
      wake();
    },
  });

  async function next(withinMs: number): Promise<Verdict | undefined> {
    if (verdicts.length === 0 && !failure) await waitUntilWoken((resume) => (wake = resume), withinMs);
    if (failure) throw failure;
    return verdicts.shift();
  }

  try {
    const verdict = await next(timeoutMs);
    if (verdict?.kind !== 'accepted' || (await stands(verdict))) return verdict;
    // Void, or removed again since.
    return (await next(SECOND_THOUGHTS_MS)) ?? verdict;
  } finally {
    await following.stop();
  }
}

/** Resolves when `arm`'s callback is called, or the time is over. */
export function waitUntilWoken(arm: (resume: () => void) => void, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(withinMs, 2 ** 31 - 1));
    arm(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function readVerdict(record: LogRecord, intent: number): Verdict | undefined {
  const fact = decode(record);
  if (fact.is !== 'event' || fact.event.cause !== intent) return undefined;
  const { event, seq } = fact;
  if (isAcceptance(event)) {
    return { kind: 'accepted', seq, object: objectOf(event), ...changeOf(event.type) };
  }
  switch (event.type) {
    case 'intent.satisfied':
      return { kind: 'satisfied', seq, message: event.message };
    case 'intent.rejected':
      return { kind: 'rejected', seq, message: event.message, field: event.field };
    default:
      return undefined;
  }
}

/** What of it may be void. */
export function changeOf(type: string): { readonly created: boolean; readonly removed?: boolean } {
  return { created: type.endsWith('.created'), ...(type === 'network.removed' && { removed: true }) };
}

function objectOf(event: AcceptingEvent): AcceptedObject {
  if ('nodeId' in event) return { kind: 'node', id: event.nodeId };
  if (event.type === 'cluster.updated') return { kind: 'cluster', id: 'self' };
  if ('networkId' in event) return { kind: 'network', id: event.networkId };
  return { kind: 'service', id: event.serviceId };
}
