import { composeEvent, type EventDraft, encodeJson, type RawRecord, type Read } from '@muster/events';
import { copyThroughSnapshot, startHistory } from '@muster/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastSeqOf } from '../cluster/state.ts';
import { hashState } from '../snapshots/hash.ts';
import { createChanges } from './changes.ts';
import { chainDigest, DIGESTS_KEPT, digestAt } from './digest.ts';
import { foldRecord } from './fold-record.ts';

const rejection = (intent: number): EventDraft => ({
  type: 'intent.rejected',
  cause: intent,
  intent,
  actor: 'ana',
  kind: 'invalid',
  message: 'no',
});

/** Some intents, and one that a decision may be made about. */
function tell(intents: number) {
  const history = startHistory();
  for (let count = 0; count < intents; count += 1) history.intend('apply', `s${count}`, { image: 'x' });
  const decide = (intent: number, read: Read | undefined) => {
    const { subject, data } = composeEvent(rejection(intent), history.now, { read });
    history.record(subject, data);
    return subject;
  };
  const readAt = (seq: number): Read => ({ seq, digest: digestAt(history.state, seq)! });
  return { ...history, history, state: history.state, decide, readAt };
}

describe('the digest of the log', () => {
  const record: RawRecord = { seq: 7, subject: 'muster.intent.a.b.c', time: 1.7e12, data: encodeJson('x') };

  it.each<Partial<RawRecord>>([
    { seq: 8 },
    { subject: 'muster.intent.a.b.d' },
    { time: 1.7e12 + 1 },
    { time: 1.7e12 + 2 ** 32 },
    { data: encodeJson('y') },
  ])('is another one when %o differs', (other) => {
    expect(chainDigest(1, { ...record, ...other })).not.toBe(chainDigest(1, record));
  });

  it('never comes together again over the same records', () => {
    const digest = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(digest, digest, fc.array(fc.uint8Array()), (one, other, datas) => {
        fc.pre(one !== other);
        let [left, right] = [one, other];
        for (const data of datas) {
          left = chainDigest(left, { ...record, data });
          right = chainDigest(right, { ...record, data });
          expect(left).not.toBe(right);
        }
      }),
    );
  });

  it('is kept for the last sequences, in snapshots too', () => {
    const { state } = tell(DIGESTS_KEPT + 5);
    for (const kept of [state, copyThroughSnapshot(state)]) {
      expect(digestAt(kept, state.head)).toBe(state.digest);
      expect(digestAt(kept, state.head + 1)).toBeUndefined();
      expect(digestAt(kept, 6)).toBe(digestAt(state, 6));
      expect(digestAt(kept, 5)).toBeUndefined();
    }
    expect(digestAt(tell(3).state, 0)).toBe(0);
  });
});

describe('a decision', () => {
  it('stands when its writer had read this log', () => {
    const { state, decide, readAt } = tell(3);
    decide(1, readAt(3));
    decide(2, readAt(2));
    decide(3, undefined);
    expect([...state.intents.keys()]).toEqual([]);
    expect(state.astray).toBe(0);
  });

  it.each([
    ['another record there', { seq: 2, digest: 1 }],
    ['more than there is', { seq: 4, digest: 1 }],
  ])('is void when its writer had read %s', (_what, read) => {
    const { state, decide } = tell(3);
    const subject = decide(1, read);
    expect(state.intents.has(1)).toBe(true);
    expect(state.astray).toBe(1);
    expect(state.head).toBe(4);
    expect(lastSeqOf(state, subject)).toBe(4);
  });

  it('is decided anew after one that was void, on the same subject', () => {
    const { state, decide, readAt } = tell(3);
    const subject = decide(1, { seq: 1, digest: 1 });
    decide(1, readAt(4));
    expect(state.intents.has(1)).toBe(false);
    expect(lastSeqOf(state, subject)).toBe(0);
  });

  it('is judged alike by a copy that began with a snapshot', () => {
    const { history, state, decide, readAt } = tell(5);
    const copy = copyThroughSnapshot(state);
    decide(1, readAt(2));
    decide(2, { ...readAt(2), digest: 3 });
    for (const record of history.records.slice(copy.head)) foldRecord(copy, record, createChanges());
    expect(copy.astray).toBe(1);
    expect(hashState(copy)).toBe(hashState(state));
  });
});
