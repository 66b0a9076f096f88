import { describe, expect, it } from 'vitest';
import { StreamMismatchError } from '../../errors.ts';
import { isTooOld } from './streams.ts';

describe('the age of a server', () => {
  it.each([
    ['2.9.10', true],
    ['2.11.8', true],
    ['1.99.0', true],
    ['2.12.0', false],
    ['2.12.0-RC.1', false],
    ['2.15.1', false],
    ['3.0.0', false],
  ])('%s: too old is %s', (version, expected) => {
    expect(isTooOld(version)).toBe(expected);
  });
});

describe('a stream that is not as it must be', () => {
  it('is reported with every setting, what it must be and what it is', () => {
    const error = new StreamMismatchError('MUSTER_LOG', [
      { setting: 'deny_purge', expected: true, found: false },
      { setting: 'max_age', expected: 0, found: 60 },
    ]);
    expect(error.message).toBe(
      'the stream MUSTER_LOG exists with other settings than muster needs: deny_purge must be true and is false; max_age must be 0 and is 60',
    );
  });
});
