// Records under muster.event that are no events are quarantined by one: never skipped in silence.
import { ENVELOPE_BYTES, eventSubject, fitText, sizeOfText } from '@muster/events';
import { createWorkList, type Decision, type RecordLimit, type Share, type WorkList } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';

const MAX_QUARANTINES_PER_ROUND = 64;

export interface Quarantine {
  notice(poison: Iterable<number>): void;
  decide(state: ClusterState, now: number): Decision[];
  nextWake: WorkList['nextWake'];
}

export function createQuarantine(share: Share | undefined, maxRecordBytes: RecordLimit): Quarantine {
  const records = createWorkList({ share });

  return {
    notice(poison) {
      for (const seq of poison) records.add(String(seq));
    },
    decide(state, now) {
      records.wake(now, (id) => state.poison.has(Number(id)));
      const decisions: Decision[] = [];
      while (decisions.length < MAX_QUARANTINES_PER_ROUND) {
        const id = records.take();
        if (id === undefined) break;
        const decision = quarantine(state, Number(id), maxRecordBytes());
        if (decision) decisions.push(decision);
      }
      for (const { event } of decisions) records.add(String(event.cause));
      return decisions;
    },
    nextWake: records.nextWake,
  };
}

function quarantine(state: ClusterState, record: number, maxRecordBytes: number): Decision | undefined {
  const poison = state.poison.get(record);
  if (!poison) return undefined;
  const { subject } = poison;
  const reason = fitText(poison.reason, maxRecordBytes - ENVELOPE_BYTES - sizeOfText(subject));
  return {
    event: { type: 'event.quarantined', cause: record, record, subject, reason },
    expect: lastSeqOf(state, eventSubject('orchestrator', 'quarantine', record)),
  };
}
