// What there is once: how far the log is folded, whose it is, and what it has lost.
import type { ClusterState } from '../cluster/state.ts';
import { haltBeyond } from '../fold/evolve-cluster.ts';
import type { Loss } from '../fold/losses.ts';
import { defineKind, younger } from './kind.ts';

type StoredHead = Pick<ClusterState, 'head' | 'headTime' | 'digest' | 'conflicts' | 'astray' | 'cluster'> &
  Partial<Pick<ClusterState, 'wireVersion' | 'addressPools'>> & { readonly halted: string | undefined };

export const head = defineKind<readonly [StoredHead]>({
  *list({ head, headTime, digest, conflicts, astray, halted, cluster, wireVersion, addressPools }) {
    const facts = { head, headTime, digest, conflicts, astray, halted: halted?.reason, cluster };
    yield [{ ...facts, ...younger({ wireVersion }), ...(addressPools && { addressPools }) }];
  },
  restore(state, [{ halted, ...stored }]) {
    Object.assign(state, stored);
    if (halted !== undefined) state.halted = { reason: halted };
    haltBeyond(state);
  },
});

export const losses = defineKind<readonly [basisOffset: number, losses: readonly Loss[]]>({
  *list({ losses: all, basisOffset }) {
    if (all.length > 0 || basisOffset > 0) yield [basisOffset, [...all]];
  },
  restore(state, [basisOffset, all]) {
    state.basisOffset = basisOffset;
    state.losses.push(...all);
  },
});

export const voided = defineKind<readonly [records: readonly number[]]>({
  *list({ voided: records }) {
    if (records.size > 0) yield [[...records]];
  },
  restore(state, [records]) {
    for (const seq of records) state.voided.add(seq);
  },
});
