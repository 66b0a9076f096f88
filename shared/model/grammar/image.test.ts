import { expect, it } from 'vitest';
import { isImageReference } from './image.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

it.each([
  'nginx',
  'nginx:alpine',
  'team/web_app.x--y:1.2-rc_3',
  'registry.example.com/team/web',
  'registry.example.com:5000/team/web:1',
  'localhost/web',
  'LOCAL/web',
  '[2001:db8::1]:5000/web',
  `nginx@${digest}`,
  `nginx:1@${digest}`,
])('%s can name an image', (text) => {
  expect(isImageReference(text)).toBe(true);
});

it.each([
  '',
  'UPPER CASE',
  'Nginx',
  'team/Web',
  'nginx:',
  'nginx:a b',
  '/nginx',
  'nginx/',
  'a//b',
  '-nginx',
  'nginx_',
  'http://nginx',
  `nginx@${digest.slice(0, 20)}`,
  `nginx:${'x'.repeat(129)}`,
])('%j can not', (text) => {
  expect(isImageReference(text)).toBe(false);
});

it('takes no time to refuse what was made to take long', () => {
  const start = performance.now();
  for (const text of ['a-', 'a_', 'a.', 'a/', 'A.', '-'].map((part) => part.repeat(400_000)))
    expect(isImageReference(text)).toBe(false);
  for (const text of ['a', 'a-', '.', '-'].map((part) => `${part.repeat(1020 / part.length)}!`))
    expect(isImageReference(text)).toBe(false);
  expect(performance.now() - start).toBeLessThan(2_000);
});
