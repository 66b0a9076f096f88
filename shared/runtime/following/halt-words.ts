// What has halted a copy, and what is to be done about it, in words. Pure.
import { parseEventSubject } from '@muster/events';
import type { Halt } from '@muster/state';

/** "halted on record 17 on muster.event.… (service.created by the orchestrator): this program does not know …". */
export function explainHalt({ reason, record }: Halt): string {
  if (!record) return `halted: ${reason}`;
  const writer = parseEventSubject(record.subject)?.writer;
  const by = writer === undefined ? '' : ` by the ${writer}`;
  return `halted on record ${record.seq} on ${record.subject} (${record.type}${by}): ${reason}`;
}

export function adviseHalt({ record }: Halt): string {
  const upgrade = 'upgrade every copy to the newest version that is at work here';
  if (!record) return upgrade;
  return `${upgrade}; if the record should not be there, \`muster log void ${record.seq} --why "…"\``;
}
