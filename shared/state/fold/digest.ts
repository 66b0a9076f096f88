// A rolling digest of the log: whoever has folded the same records up to a sequence has the same digest there, and
// whoever has folded any other keeps another from there on. It is a checksum: it finds what was lost, not what was forged.
import { crc32 } from '@muster/digests';
import type { RawRecord } from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';

/** How far back a decision may have been made and still be judged: digests of older sequences are forgotten. */
export const DIGESTS_KEPT = 16_384;
const SUMS_KEPT = 10_000;
const SPREAD = 0x9e3779b1;

/** One native call over the data; all else goes into what it begins with, from which another beginning is never lost. */
export function chainDigest(previous: number, { seq, time, subject, data }: RawRecord): number {
  const begin = Math.imul(previous ^ seq, SPREAD) ^ time ^ Math.imul(time / 2 ** 32, SPREAD) ^ sumOf(subject);
  return crc32(data, begin >>> 0);
}

export function noteDigest(state: ClusterState, record: RawRecord): void {
  state.digest = chainDigest(state.digest, record);
  state.digests[record.seq % DIGESTS_KEPT] = state.digest;
}

/** The digest of everything up to there; undefined when it isn't folded yet, or too long ago. */
export function digestAt(state: Pick<ClusterState, 'head' | 'digests'>, seq: number): number | undefined {
  return seq >= 0 && seq <= state.head && seq > state.head - DIGESTS_KEPT
    ? state.digests[seq % DIGESTS_KEPT]
    : undefined;
}

/** Whether this is the record that was folded there, after the same others; undefined when that is too long ago. */
export function isFolded(
  state: Pick<ClusterState, 'head' | 'digests'>,
  record: RawRecord,
): boolean | undefined {
  const [before, after] = [digestAt(state, record.seq - 1), digestAt(state, record.seq)];
  return before === undefined || after === undefined ? undefined : chainDigest(before, record) === after;
}

/** Subjects come again and again, and a walk over the characters of one costs as much as all the rest. */
const sums = new Map<string, number>();

function sumOf(subject: string): number {
  const known = sums.get(subject);
  if (known !== undefined) return known;
  let sum = subject.length;
  for (let index = 0; index < subject.length; index += 1)
    sum = (Math.imul(sum, 31) + subject.charCodeAt(index)) | 0;
  if (sums.size === SUMS_KEPT) sums.clear();
  sums.set(subject, sum);
  return sum;
}
