import { describe, expect, it } from 'vitest';
import { BackendUnavailableError } from '../backend.ts';
import { statusOf, translateError, wordsOf } from './engine-error.ts';

const refusal = (json: unknown) =>
  Object.assign(new Error('(HTTP code 404) no such container - No such image: web:1 '), {
    statusCode: 404,
    json,
  });
const failure = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('what the engine says', () => {
  it.each([
    ['with its body', refusal({ message: 'No such image: web:1' })],
    ['in a stream, where the client has no body', refusal(null)],
  ])('is kept in its words, and its status, %s', (_, error) => {
    expect(wordsOf(error)).toBe('No such image: web:1');
    const translated = translateError(error, 'unix:///s');
    expect(translated.message).toBe('No such image: web:1');
    expect(statusOf(translated)).toBe(404);
    expect(translated).not.toBeInstanceOf(BackendUnavailableError);
  });

  it.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EACCES'])(
    'is nothing at all after %s',
    (code) => {
      const translated = translateError(failure(code), 'unix:///s');
      expect(translated).toBeInstanceOf(BackendUnavailableError);
      expect(translated.message).toContain(
        `the Docker engine at unix:///s does not answer (connect ${code})`,
      );
    },
  );

  it('gives advice that fits', () => {
    expect(translateError(failure('EACCES'), 's').message).toMatch(/as a user who may use that socket$/);
    expect(translateError(failure('ENOENT'), 's').message).toMatch(/point DOCKER_HOST at one that runs$/);
  });

  it('takes an engine that hangs for one that is away', async () => {
    const signal = AbortSignal.timeout(0);
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve);
    });
    expect(translateError(signal.reason, 's')).toBeInstanceOf(BackendUnavailableError);
  });

  it('leaves every other error as it is', () => {
    const bug = new TypeError('x is not a function');
    expect(translateError(bug, 's')).toBe(bug);
  });
});
