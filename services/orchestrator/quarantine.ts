// Records under muster.event that are no events are quarantined by one: never skipped in silence.
import { ENVELOPE_BYTES, fitText, sizeOfText } from '@muster/events';
import type { LookedAfter, RecordLimit } from '@muster/runtime';

export function quarantineRecords(maxRecordBytes: RecordLimit): LookedAfter {
  return {
    name: 'poison',
    subject: 'quarantine',
    perRound: 64,
    *concerned(_state, { poison }) {
      for (const seq of poison) yield String(seq);
    },
    look({ poison }, id) {
      const record = Number(id);
      const found = poison.get(record);
      if (!found) return undefined;
      const { subject } = found;
      const reason = fitText(found.reason, maxRecordBytes() - ENVELOPE_BYTES - sizeOfText(subject));
      return { event: { type: 'event.quarantined', cause: record, record, subject, reason } };
    },
  };
}
