import { expect, it } from 'vitest';
import { z } from 'zod';
import { serviceSpecSchema } from '../spec/service-spec.ts';
import { lenientForm } from './lenient-form.ts';
import { since } from './wire-version.ts';

const schema = z.strictObject({
  mode: z.enum(['replicated']),
  kind: z.literal('service').default('service'),
  container: z.strictObject({ image: z.string(), note: since(2, z.string().default('none')) }),
  ports: z.array(z.strictObject({ target: z.int(), name: since(2, z.string()) })),
  labels: z.record(z.string(), z.string()),
});

it('keeps what it does not know, wherever it is', () => {
  const answer = {
    mode: 'global',
    kind: 'service',
    container: { image: 'a', note: 'b', shm: 1 },
    ports: [{ target: 1, name: 'x', range: [1, 2] }],
    labels: { a: 'b' },
    jobs: {},
  };
  expect(lenientForm(schema).parse(answer)).toEqual(answer);
});

it('misses nothing that is younger, and does not make it up', () => {
  const answer = { mode: 'replicated', container: { image: 'a' }, ports: [{ target: 1 }], labels: {} };
  expect(lenientForm(schema).parse(answer)).toEqual({ ...answer, kind: 'service' });
});

it('still wants what every answer has, as it has it', () => {
  const answer = { mode: 'replicated', container: {}, ports: [], labels: {} };
  expect(lenientForm(schema).safeParse(answer).success).toBe(false);
  expect(lenientForm(schema).safeParse({ ...answer, container: { image: 7 } }).success).toBe(false);
});

it('changes nothing in a spec', () => {
  const spec = serviceSpecSchema.parse({ name: 'web', taskTemplate: { containerSpec: { image: 'nginx' } } });
  expect(lenientForm(serviceSpecSchema).parse(spec)).toEqual(spec);
});
