import { describe, expect, it } from 'vitest';
import { splitImage } from './image-pulls.ts';

const digest = `sha256:${'0'.repeat(64)}`;

describe('an image, as the engine’s API wants it named', () => {
  it.each([
    ['nginx', 'nginx', 'latest'],
    ['nginx:alpine', 'nginx', 'alpine'],
    ['registry.local:5000/team/web', 'registry.local:5000/team/web', 'latest'],
    ['registry.local:5000/team/web:1.2', 'registry.local:5000/team/web', '1.2'],
    [`nginx@${digest}`, 'nginx', digest],
    [`registry.local:5000/web:1@${digest}`, 'registry.local:5000/web', digest],
  ])('%s', (image, repository, reference) => {
    expect(splitImage(image)).toEqual({ repository, reference });
  });
});
