import { composeEvent, decode, type EventDraft, encodeJson, WIRE_VERSION } from '@muster/events';
import { mayBeVoided } from '@muster/state';
import { expect, it } from 'vitest';
import { makeProcess, makeRole } from '../top/looks.fixture.ts';
import { judgeVoid } from './judge-void.ts';

const SEQ = 17;
const AT = '2026-01-01T00:00:00Z';
const halted = { reason: 'no idea', record: { seq: SEQ, subject: 's', type: 'x' } };
/** Behind the record: it says nothing about it yet. */
const behind = makeRole({ copy: 'behind', head: SEQ - 1 });
const past = makeRole({ copy: 'past', head: SEQ });
const stuck = makeRole({ copy: 'stuck', head: SEQ, halted });

function judge(subject: string, data: Uint8Array, ...roles: ReturnType<typeof makeRole>[]) {
  const record = { seq: SEQ, subject, time: 0, data };
  const processes = [makeProcess(roles, { host: 'h' })];
  return judgeVoid({ fact: decode(record), mayBeVoided: mayBeVoided(record), processes });
}

function judgeEvent(draft: EventDraft, ...roles: ReturnType<typeof makeRole>[]) {
  const { subject, data } = composeEvent(draft, 0);
  return judge(subject, data, ...roles);
}

const NODE = 'muster.event.scheduler.node.n1';
const unknown = encodeJson({ v: 99, type: 'x', writer: 'scheduler', cause: 0, at: AT });
const down = { type: 'node.status_changed', cause: 1, nodeId: 'n1', status: 'down', message: '' } as const;
const raise = (version: number) => ({ type: 'cluster.version_raised', cause: 1, version }) as const;

it('lets what halts this program be void, and names who has gone on past it', () => {
  const because = 'this program does not know event x version 99';
  expect(judge(NODE, unknown, behind)).toEqual({ ok: true, because, understoodBy: [] });
  expect(judge(NODE, unknown, past, stuck)).toEqual({
    ok: true,
    because: 'no idea',
    understoodBy: ['past on h'],
  });
  expect(judgeEvent(raise(WIRE_VERSION + 1))).toMatchObject({ ok: true });
});

it('lets what halts a copy be void though this program understands it', () => {
  expect(judgeEvent(down, stuck)).toEqual({ ok: true, because: 'no idea', understoodBy: [] });
});

it('lets what is no event be void', () => {
  expect(judge(NODE, encodeJson('junk'), past)).toMatchObject({ ok: true, understoodBy: [] });
});

it.each([
  ['what everybody understands', judgeEvent(down, past), 'is understood by everybody'],
  ['a version that this program knows', judgeEvent(raise(WIRE_VERSION), past), 'is understood by everybody'],
  ['an intent', judge('muster.intent.ana.service.remove.web', new Uint8Array(), stuck), 'it is an intent'],
  [
    'whose log it is',
    judgeEvent({ type: 'cluster.created', cause: 0, clusterId: 'c', name: 'c' }, stuck),
    'it says whose log this is',
  ],
  [
    'a void',
    judgeEvent(
      { type: 'record.voided', cause: 1, actor: 'ana', record: 1, subject: 's', sum: 0, reason: 'r' },
      stuck,
    ),
    'it declares a record void itself',
  ],
  ['what an operator writes badly', judge('muster.event.operator.void.ana', unknown), "can't be void"],
])('refuses %s', (_, judged, message) => {
  expect(judged).toEqual({ ok: false, message: expect.stringContaining(message) });
});
