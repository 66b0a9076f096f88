// What was made of the log, and what it has lost. Pure.
import type { Status } from '@muster/api';
import { READY_LAG } from '@muster/telemetry';
import type { Finding } from './findings.ts';

export function checkFold({ head: folded, voided, conflicts, openPoison }: Status, head: number): Finding[] {
  const lag = Math.max(0, head - folded);
  const findings: Finding[] = [
    lag > READY_LAG
      ? {
          level: 'warn',
          what: 'lag',
          says: `the API is ${lag} records behind the log`,
          advice: 'wait; if it grows, look at the load of its machine',
        }
      : {
          level: 'ok',
          what: 'lag',
          says: `the API has folded ${folded} of ${head} records; ${conflicts} decisions came second`,
        },
  ];
  if (voided > 0) {
    const [records, are] = voided === 1 ? ['record', 'is'] : ['records', 'are'];
    findings.push({
      level: 'ok',
      what: 'void',
      says: `${voided} ${records} ${are} void, and left out by everybody`,
    });
  }
  if (openPoison > 0) {
    findings.push({
      level: 'warn',
      what: 'records',
      says: `${openPoison} invalid records wait to be quarantined`,
      advice: 'an orchestrator does that: is one running?',
    });
  }
  return findings;
}

/** A loss is no news any more after a day. */
const RECENT_MS = 24 * 3600_000;
/** Intents named, at most. */
const MOST_NAMED = 20;

export function checkLosses({ losses }: Status, now: number): Finding[] {
  return losses
    .filter(({ time }) => now - time < RECENT_MS)
    .map(({ time, after, to, intents, omitted }): Finding => {
      const count = intents.length + omitted;
      const named = intents.slice(0, MOST_NAMED).map(({ seq, subject }) => `#${seq} ${subject}`);
      const others = count > named.length ? [`${count - named.length} more`] : [];
      const from = after === 0 ? '' : ` after #${after}`;
      return {
        level: 'warn',
        what: 'lost',
        says: `the log had lost what was read of it${from} up to #${to}, found at ${new Date(time).toISOString()}; intents that are gone: ${[...named, ...others].join(', ') || 'none that is known'}`,
        advice:
          'a NATS server came back with an older store: ask for what is gone again, and see that every server keeps its disk (`sync_interval: always`)',
      };
    });
}
