import type { AuditEntry, QueryClient } from '@muster/api';
import { expect, it } from 'vitest';
import { askVerdict } from './ask-verdict.ts';

const INTENT = 5;

function entry(seq: number, kind: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq,
    time: 0,
    kind,
    who: 'orchestrator',
    what: 'in words that mean nothing',
    cause: INTENT,
    ...more,
  };
}

const asked = entry(INTENT, 'intent.service.create', { who: 'ana', cause: undefined });

/** An audit that is asked for again and again. */
function ask(audits: readonly (readonly AuditEntry[])[], exists = true) {
  let at = 0;
  const list = async () => audits[Math.min(at++, audits.length - 1)];
  const queries = { list } as unknown as QueryClient;
  const about = { intent: INTENT, name: 'web', team: '', timeoutMs: 10_000 };
  return askVerdict({ queries, ...about, stands: async (verdict) => exists || !verdict.created });
}

it.each([
  ['service.created', { kind: 'accepted', seq: 6, object: { kind: 'service', id: 's1' }, created: true }],
  ['service.updated', { kind: 'accepted', seq: 6, object: { kind: 'service', id: 's1' }, created: false }],
  ['service.removed', { kind: 'accepted', seq: 6, object: { kind: 'service', id: 's1' }, created: false }],
  ['intent.satisfied', { kind: 'satisfied', seq: 6, message: 'why' }],
  ['intent.rejected', { kind: 'rejected', seq: 6, message: 'why', field: 'image' }],
])('takes %s for what it is, whatever the words', async (kind, verdict) => {
  const told = entry(6, kind, { id: 's1', why: 'why', field: 'image' });
  expect(await ask([[asked, told]])).toEqual(verdict);
});

it('waits until there is one, and takes nothing else for it', async () => {
  const unrelated = [
    entry(6, 'service.reconciled', { what: 'rejected #5' }),
    entry(7, 'intent.rejected', { cause: 4 }),
  ];
  const created = entry(8, 'service.created', { id: 's1' });
  expect(
    await ask([
      [asked, ...unrelated],
      [asked, ...unrelated, created],
    ]),
  ).toMatchObject({ seq: 8 });
});

it('looks again where what was created is not there', async () => {
  const created = entry(6, 'service.created', { id: 's1' });
  const rejected = entry(7, 'intent.rejected', { why: 'taken' });
  expect(await ask([[created], [created, rejected]], false)).toMatchObject({
    kind: 'rejected',
    message: 'taken',
  });
});
