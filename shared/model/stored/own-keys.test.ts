import { describe, expect, it } from 'vitest';
import { parsePort } from '../grammar/docker-notation.ts';
import { normaliseServiceSpec } from '../spec/normalise.ts';

const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
const sorted = (map: object) => Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
const mapOf = (value: string) => JSON.stringify(Object.fromEntries(names.map((name) => [name, value])));

describe('a key that every object has', () => {
  it.each([
    ['short', `{"image":"x","labels":${mapOf('a')},"env":${mapOf('b')}}`],
    [
      'long',
      `{"labels":${mapOf('a')},"taskTemplate":{"containerSpec":{"image":"x","labels":${mapOf('c')}}}}`,
    ],
  ])('is kept in the maps of the %s form', (form, body) => {
    const normalised = normaliseServiceSpec(JSON.parse(body), 'web');
    if (!normalised.ok) expect.fail(normalised.refusal.message);
    const { labels, taskTemplate } = normalised.spec;
    expect(sorted(labels)).toEqual(sorted(JSON.parse(mapOf('a'))));
    const { env, labels: ofContainer } = taskTemplate.containerSpec;
    if (form === 'short') expect([...env].sort()).toEqual(names.map((name) => `${name}=b`).sort());
    else expect(sorted(ofContainer)).toEqual(sorted(JSON.parse(mapOf('c'))));
    expect(normaliseServiceSpec(normalised.spec, 'web')).toEqual(normalised);
  });

  it.each(names)('is no field: %s', (name) => {
    expect(normaliseServiceSpec(JSON.parse(`{"image":"x","${name}":{}}`), 'web').ok).toBe(false);
    expect(parsePort(`${name}=1,target=80`)).toHaveProperty('error');
  });
});
