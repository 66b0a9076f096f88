// The first sequence at or after a time, by bisection: the log's times never go back far.
import type { Log } from '@muster/log';

/** `head + 1` when everything is older. */
export async function findSeqAt(log: Log, time: number): Promise<number> {
  let low = 1;
  let high = (await log.head()) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await timeOf(log, middle)) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function timeOf(log: Log, seq: number): Promise<number> {
  for await (const record of log.read({ from: seq, to: seq })) return record.time;
  throw new Error(`the log has no record ${seq}`);
}
