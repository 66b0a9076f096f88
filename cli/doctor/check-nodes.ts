// The nodes, and those in trouble. Pure.
import type { Status } from '@muster/api';
import type { Finding, Seen } from './findings.ts';

export function checkNodes({ nodes, unavailable }: Status, down: Seen['downNodes']): Finding[] {
  const ready = nodes.ready ?? 0;
  const total = Object.values(nodes).reduce((sum, count) => sum + count, 0);
  if (total === 0) {
    return [
      {
        level: 'fail',
        what: 'nodes',
        says: 'there is none',
        advice: 'start `muster agent` on a machine that is to run tasks',
      },
    ];
  }
  const level = ready === 0 ? 'fail' : ready < total ? 'warn' : 'ok';
  return [
    { level, what: 'nodes', says: `${ready} of ${total} ready${describeUnavailable(unavailable)}` },
    ...down.map(
      ({ hostname, status, message }): Finding => ({
        level: 'warn',
        what: 'nodes',
        says: `${hostname} is ${status}${message === '' ? '' : `: ${message}`}`,
        advice: /engine/.test(message)
          ? 'look at the engine of that machine: what runs there goes on, and nothing new comes until it answers'
          : 'is `muster agent` running there, and does it reach NATS? Is a dispatcher running?',
      }),
    ),
  ];
}

/** As somebody wanted it: no fault. */
function describeUnavailable({ pause, drain }: Status['unavailable']): string {
  const words = [...(pause > 0 ? [`${pause} paused`] : []), ...(drain > 0 ? [`${drain} drained`] : [])];
  return words.map((word) => `, ${word}`).join('');
}
