// Records under muster.event that are no events are quarantined by one: never skipped in silence.
import { eventSubject } from '@muster/events';
import { createWorkList, type Decision, type Share, type WorkList } from '@muster/runtime';
import { type ClusterState, lastSeqOf } from '@muster/state';

const MAX_QUARANTINES_PER_ROUND = 64;

export interface Quarantine {
  decide(state: ClusterState, now: number): Decision[];
  nextWake: WorkList['nextWake'];
}

export function createQuarantine(share: Share | undefined): Quarantine {
  const records = createWorkList({ share });
  let head: number | undefined;

  function follow(state: ClusterState): void {
    if (head === undefined) {
      for (const seq of state.poison.keys()) records.add(String(seq));
    } else {
      for (let seq = head + 1; seq <= state.head; seq += 1)
        if (state.poison.has(seq)) records.add(String(seq));
    }
    head = state.head;
  }

  return {
    decide(state, now) {
      follow(state);
      records.wake(now, (id) => state.poison.has(Number(id)));
      const decisions: Decision[] = [];
      while (decisions.length < MAX_QUARANTINES_PER_ROUND) {
        const id = records.take();
        if (id === undefined) break;
        const decision = quarantine(state, Number(id));
        if (decision) decisions.push(decision);
      }
      for (const { event } of decisions) records.add(String(event.cause));
      return decisions;
    },
    nextWake: records.nextWake,
  };
}

function quarantine(state: ClusterState, record: number): Decision | undefined {
  const poison = state.poison.get(record);
  return (
    poison && {
      event: { type: 'event.quarantined', cause: record, record, ...poison },
      expect: lastSeqOf(state, eventSubject('orchestrator', 'quarantine', record)),
    }
  );
}
