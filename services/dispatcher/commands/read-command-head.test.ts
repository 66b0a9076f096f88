import { encodeCommand, encodeJson } from '@muster/events';
import { taskSpecSchema } from '@muster/model';
import { expect, it } from 'vitest';
import { readCommandHead } from './read-command-head.ts';

const task = {
  id: 'task1',
  name: 'web.1.task1',
  slot: 1,
  service: { id: 'service1', name: 'web', labels: {} },
  spec: taskSpecSchema.parse({ containerSpec: { image: 'nginx' } }),
  ports: [],
};

it.each([
  ['a task', encodeCommand({ v: 1, type: 'task', basis: 12, desired: 'running', task }), 12, false],
  ['an end', encodeCommand({ v: 1, type: 'forget', basis: 123_456_789_012 }), 123_456_789_012, true],
  ['another order of fields', encodeJson({ basis: 7, type: 'forget', v: 1 }), 7, true],
  ['a newer version', encodeJson({ v: 2, type: 'task', basis: 8 }), 8, false],
  ['a basis that is none', encodeJson({ v: 1, type: 'task', basis: -1.5 }), 0, false],
  ['no JSON', new TextEncoder().encode('{"v":1,"type":"task"'), 0, false],
  ['nothing', new Uint8Array(), 0, false],
])('of %s', (_what, data, basis, forget) => {
  expect(readCommandHead(data)).toEqual({ basis, forget });
});
