import { posix } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cleanPath } from './clean-path.ts';

it('is what Node makes of an absolute path', () => {
  const part = fc.constantFrom('', '.', '..', 'a', 'b.c', '...', ' ');
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const path = `/${parts.join('/')}`;
      expect(cleanPath(path)).toBe(posix.resolve(path));
    }),
  );
});
