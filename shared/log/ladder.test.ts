import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findGap, keepRungs, keepSnapshots, type Rung } from './ladder.ts';

const rung = (seq: number, bytes = 1): Rung => ({ seq, bytes });
const rungs = (...seqs: number[]) => seqs.map((seq) => rung(seq));
const seqsOf = (kept: readonly Rung[]) => kept.map(({ seq }) => seq);
const roomy = { maxBytes: 1_000, every: 100 };

describe('the rungs that are kept', () => {
  it.each([
    ['none of none', [], []],
    ['the newest two, however close they are', [5, 6], [5, 6]],
    ['of those in between, none that is not needed', [10, 20, 30, 40], [30, 40]],
    ['the last one before a gap would be too wide', [60, 90, 120, 130, 140], [90, 130, 140]],
    ['all that are far apart', [100, 200, 300, 400], [100, 200, 300, 400]],
    ['what is there, where they are further apart than they should be', [500, 510, 1000], [500, 510, 1000]],
    ['one of a sequence that was stored twice', [100, 200, 200], [100, 200]],
  ])('are %s', (_what, given, kept) => {
    expect(seqsOf(keepRungs(rungs(...given), roomy))).toEqual(kept);
  });

  it('are twice as far apart when the log is long', () => {
    const every = Array.from({ length: 101 }, (_, index) => (index + 1) * 100);
    expect(seqsOf(keepRungs(rungs(...every.slice(0, 100)), roomy))).toEqual(every.slice(0, 100));
    const kept = seqsOf(keepRungs(rungs(...every), roomy));
    expect(kept.slice(0, 3)).toEqual([200, 400, 600]);
    expect(kept.slice(-2)).toEqual([10_000, 10_100]);
  });

  it('are thinned out evenly when they have too many bytes', () => {
    const given = rungs(100, 200, 300, 400, 500, 600, 700, 800);
    expect(seqsOf(keepRungs(given, { maxBytes: 5, every: 100 }))).toEqual([200, 400, 600, 700, 800]);
  });

  it('are the newest two at least, whatever they weigh', () => {
    const given = [rung(100, 50), rung(200, 50), rung(300, 50)];
    expect(seqsOf(keepRungs(given, { maxBytes: 10, every: 100 }))).toEqual([200, 300]);
  });

  /** Snapshots as a growing log would take them, pruned at each. */
  const growth = fc.record({
    steps: fc.array(
      fc.record({ records: fc.integer({ min: 1, max: 60 }), bytes: fc.integer({ min: 1, max: 9 }) }),
      {
        maxLength: 300,
      },
    ),
    maxBytes: fc.integer({ min: 1, max: 400 }),
  });

  it('bound the gaps and the bytes, and have the newest, however the log grows', () => {
    fc.assert(
      fc.property(growth, ({ steps, maxBytes }) => {
        const limits = { maxBytes, every: 100 };
        let kept: Rung[] = [];
        let [head, before] = [0, 0];
        for (const { records, bytes } of steps) {
          [before, head] = [head, head + records];
          kept = keepRungs([...kept, rung(head, bytes)], limits);
          const seqs = seqsOf(kept);
          expect(seqs.at(-1)).toBe(head);
          if (before > 0) expect(seqs.at(-2)).toBe(before);
          const total = kept.reduce((sum, one) => sum + one.bytes, 0);
          expect(total <= maxBytes || kept.length <= 2).toBe(true);
          const spacing = 100 * 2 ** Math.max(0, Math.ceil(Math.log2(head / 10_000)));
          // Every rung that had to go left the smallest gap there was, of those that 9 bytes each would leave.
          const affordable = (2 * head) / Math.max(1, Math.floor((maxBytes + 1) / 9) - 2);
          const widest = Math.max(...seqs.map((seq, index) => seq - (seqs[index - 1] ?? 0)));
          expect(widest).toBeLessThanOrEqual(Math.max(spacing, affordable));
        }
      }),
    );
  });

  it('leave no gap that would be filled again', () => {
    fc.assert(
      fc.property(growth, ({ steps, maxBytes }) => {
        const limits = { maxBytes, every: 100 };
        let kept: Rung[] = [];
        let head = 0;
        for (const { records, bytes } of steps) {
          head += records;
          kept = keepRungs([...kept, rung(head, bytes)], limits);
          if (maxBytes > 30) expect(findGap(kept, head, limits)).toBeUndefined();
        }
      }),
    );
  });
});

it('leaves newer versions alone, and the last older one what a start needs', () => {
  const stored = [
    [1, 100],
    [1, 300],
    [2, 100],
    [2, 200],
    [2, 300],
    [3, 10],
    [3, 20],
    [3, 30],
    [4, 10],
    [4, 20],
    [4, 30],
  ].map(([foldVersion, seq]) => ({ foldVersion: foldVersion!, seq: seq!, bytes: 1 }));
  expect(keepSnapshots(stored, 3, roomy).map(({ foldVersion, seq }) => `${foldVersion}: ${seq}`)).toEqual([
    '2: 200',
    '2: 300',
    '3: 20',
    '3: 30',
    '4: 10',
    '4: 20',
    '4: 30',
  ]);
});

describe('a gap', () => {
  it.each([
    ['is not seen in a short log', [], 150, undefined],
    ['is the whole log when there is no rung', [], 1_000, { above: 0, every: 100, upTo: 1_000 }],
    ['ends at the next rung', [700, 800], 850, { above: 0, every: 100, upTo: 700 }],
    ['is the lowest there is', [100, 200, 800, 1500], 1_500, { above: 200, every: 100, upTo: 800 }],
    ['may be at the end', [100, 200], 800, { above: 200, every: 100, upTo: 800 }],
    [
      'is as wide as rungs should be apart in a long log',
      [18_000],
      18_200,
      { above: 0, every: 200, upTo: 18_000 },
    ],
  ])('%s', (_what, given, head, gap) => {
    expect(findGap(rungs(...given), head, roomy)).toEqual(gap);
  });

  it('is not seen where there is no room for more rungs', () => {
    expect(findGap([rung(500, 400), rung(1_000, 400)], 1_000, roomy)).toBeUndefined();
  });

  it('when filled is filled for good', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.array(fc.integer({ min: 1, max: 20_000 })),
        (head, given) => {
          let kept = keepRungs(rungs(...given.filter((seq) => seq <= head)), roomy);
          for (let fills = 0; fills < 500; fills += 1) {
            const gap = findGap(kept, head, roomy);
            if (gap === undefined) return;
            kept = keepRungs([...kept, rung(Math.min(head, gap.above + gap.every))], roomy);
            expect(kept.some(({ seq }) => seq === Math.min(head, gap.above + gap.every))).toBe(true);
          }
          expect.fail('it never ends');
        },
      ),
    );
  });
});
