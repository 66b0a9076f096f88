import { composeEvent, type EventDraft, type TaskStatus } from '@muster/events';
import { RecordTooLargeError } from '@muster/log';
import { silentLogger } from '@muster/runtime';
import { START_TIME, VirtualClock } from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReporter, type TimedStatus } from './reporter.ts';

const nodeId = 'n'.repeat(25);

function startReporter(maxRecordBytes: number) {
  const clock = new VirtualClock({ startAt: START_TIME });
  const sizes: number[] = [];
  const known = new Map<string, Pick<TaskStatus, 'err' | 'exitCode'>>();
  const gone: string[] = [];
  let refusals = 0;
  const reporter = createReporter({
    own: {
      async write(draft: EventDraft) {
        if (draft.type !== 'tasks.reported') return;
        const { subject, data } = composeEvent(draft, clock.now());
        if (data.length > maxRecordBytes) {
          refusals += 1;
          throw new RecordTooLargeError(subject, data.length, maxRecordBytes);
        }
        sizes.push(data.length);
        for (const status of draft.statuses ?? []) known.set(status.id, status);
        gone.push(...(draft.gone ?? []));
      },
    },
    log: { maxRecordBytes },
    clock,
    logger: silentLogger,
    nodeId,
    session: 'a',
    onEnd(error) {
      throw error;
    },
  });
  return { reporter, clock, sizes, known, gone, refusals: () => refusals };
}

const failed = (id: string, err: string): TimedStatus => ({
  id,
  state: 'failed',
  at: START_TIME,
  err,
  exitCode: 1,
});

describe('reports', () => {
  it('hold what a record holds, whatever the engine says, and nothing is left out', async () => {
    const words = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { minLength: 1, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(words, fc.integer({ min: 4_000, max: 12_000 }), async (errs, maxRecordBytes) => {
        const { reporter, known, gone, refusals } = startReporter(maxRecordBytes);
        for (const [index, err] of errs.entries()) {
          reporter.report(failed(`task${index}`, err), { urgent: false });
          reporter.reportGone(`gone${index}`);
        }
        await reporter.flush();
        expect(errs.map((_, index) => known.get(`task${index}`)?.err)).toEqual(errs);
        expect(gone).toHaveLength(errs.length);
        expect(refusals()).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('quote the beginning of a text that no record could hold', async () => {
    const { reporter, known } = startReporter(8_192);
    reporter.report(failed('a', '茶'.repeat(100_000)), { urgent: false });
    await reporter.flush();
    expect(known.get('a')?.err).toMatch(/^茶{1000,}…$/);
  });

  it('leave out what nobody could read back, and nothing else', async () => {
    const { reporter, known } = startReporter(100_000);
    for (let task = 0; task < 100; task += 1) {
      const exitCode = task === 40 ? Number.NaN : 1;
      reporter.report({ ...failed(`task${task}`, ''), exitCode }, { urgent: false });
    }
    await reporter.flush();
    expect(known.size).toBe(100);
    expect(known.get('task40')?.exitCode).toBeUndefined();
    expect(known.get('task41')?.exitCode).toBe(1);
  });
});
