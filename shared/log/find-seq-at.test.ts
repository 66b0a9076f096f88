import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findSeqAt } from './find-seq-at.ts';
import { MemoryLog } from './memory/log.ts';

/** A log whose records have these times. */
async function logOf(times: readonly number[]): Promise<MemoryLog> {
  let next = 0;
  const log = new MemoryLog({ now: () => times[next]! });
  for (; next < times.length; next += 1) await log.append('muster.event.agent.node.n1', new Uint8Array());
  return log;
}

describe('the sequence of a time', () => {
  it.each([
    [9, 1],
    [10, 1],
    [11, 2],
    [20, 2],
    [21, 4],
    [30, 4],
    [31, 5],
  ])('%i is %i', async (time, seq) => {
    expect(await findSeqAt(await logOf([10, 20, 20, 30]), time)).toBe(seq);
  });

  it('is 1 in an empty log', async () => {
    expect(await findSeqAt(await logOf([]), 5)).toBe(1);
  });

  it('is that of the first record that is so late, though the clock stepped back now and then', async () => {
    const steps = fc.array(fc.integer({ min: -40, max: 20 }), { maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 0, max: 2_000 }), async (jumps, time) => {
        let now = 1_000;
        const times = jumps.map((jump) => {
          now += jump;
          return now;
        });
        const first = times.findIndex((one) => one >= time);
        expect(await findSeqAt(await logOf(times), time)).toBe(first === -1 ? times.length + 1 : first + 1);
      }),
    );
  });

  it('is where the times cross, when the clock stepped back for long', async () => {
    const times = [...Array(5_000).keys(), ...Array(5_000).keys()];
    const seq = await findSeqAt(await logOf(times), 3_000);
    expect([3_001, 8_001]).toContain(seq);
  });
});
