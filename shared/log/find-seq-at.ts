// Which record was the first at or after a time. Found by bisection, a record at a time.
import type { Log } from './log.ts';

/** A clock that steps back (another server leads, and its clock is behind) is seen through when it does so for fewer. */
const LOOK_BACK = 1_000;

/**
 * The sequence of a record that is at or after the time, while the thousand before it are all older: the first such
 * record, as long as the log's clock never stepped back for longer. What comes after it counts as later, whatever it
 * says. The head + 1 when everything is older.
 */
export async function findSeqAt(log: Pick<Log, 'find' | 'head' | 'read'>, time: number): Promise<number> {
  let low = 1;
  let high = (await log.head()) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const record = await log.find(middle);
    if (record === undefined) throw new Error(`the log has no record ${middle}`);
    if (record.time < time) low = middle + 1;
    else high = middle;
  }
  return lookBack(log, low, time);
}

async function lookBack(log: Pick<Log, 'read'>, found: number, time: number): Promise<number> {
  for (let seq = found; ; ) {
    let earlier: number | undefined;
    if (seq > 1) {
      for await (const record of log.read({ from: Math.max(1, seq - LOOK_BACK), to: seq - 1 })) {
        if (record.time < time) continue;
        earlier = record.seq;
        break;
      }
    }
    if (earlier === undefined) return seq;
    seq = earlier;
  }
}
