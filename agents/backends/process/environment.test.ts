import { expect, it } from 'vitest';
import { buildEnvironment } from './environment.ts';

it('takes every name for a name, and what has no equals sign away', () => {
  const names = ['__proto__', 'constructor', 'toString'];
  const env = buildEnvironment([...names.map((name) => `${name}=x`), 'PATH']);
  expect(Object.keys(env)).toEqual(expect.arrayContaining(names));
  expect(Object.getPrototypeOf(env)).toBe(Object.prototype);
  expect(env).not.toHaveProperty('PATH');
  expect(buildEnvironment(['__proto__=x', '__proto__'])).not.toHaveProperty('__proto__', 'x');
});
