import { expect, it } from 'vitest';
import { makeTask } from '../output/views.fixture.ts';
import { formatLine, namePrefix, padPrefixes } from './prefix.ts';

const options = { raw: false, taskIds: true, noTrunc: false, noResolve: false };

it.each([
  [{}, 'web.1.tttttttttttt@node1'],
  [{ taskIds: false }, 'web.1@node1'],
  [{ noTrunc: true }, `web.1.${'t'.repeat(25)}@node1`],
  [{ noResolve: true, taskIds: false }, `${'s'.repeat(25)}.1@${'n'.repeat(25)}`],
  [{ raw: true }, ''],
])('%j', (given, prefix) => {
  expect(namePrefix(makeTask(), { ...options, ...given })).toBe(prefix);
});

it('names a task of a global service by its node', () => {
  const task = makeTask({ slot: 0, place: 'n'.repeat(25) });
  expect(namePrefix(task, options)).toBe(`web.${'n'.repeat(25)}.tttttttttttt@node1`);
});

it('lines prefixes up, and puts nothing before raw lines', () => {
  expect(padPrefixes(['web.1@n1', 'web.10@n1'])).toEqual(['web.1@n1     | ', 'web.10@n1    | ']);
  expect(padPrefixes([''])).toEqual(['']);
});

it('puts the time first', () => {
  expect(formatLine('web.1@n1    | ', 'hello', 0, true)).toBe(
    '1970-01-01T00:00:00.000Z web.1@n1    | hello\n',
  );
  expect(formatLine('', 'hello', 0, false)).toBe('hello\n');
});
