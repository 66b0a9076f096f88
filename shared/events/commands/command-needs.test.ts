import { taskSpecSchema } from '@muster/model';
import { expect, it } from 'vitest';
import { findNeeds } from './command-needs.ts';

it('a command of today needs nothing that an agent would not know', () => {
  const spec = taskSpecSchema.parse({ containerSpec: { image: 'nginx', tty: true } });
  expect(findNeeds(spec, [])).toBeUndefined();
});
