import { describe, expect, it } from 'vitest';
import { fitBackends } from './backend-fit.ts';

describe('fitBackends', () => {
  it.each([
    // A rehearsal.
    ['nginx:alpine', ['simulator'], ['simulator']],
    ['process', ['simulator'], ['simulator']],
    // Real work, whatever else has joined.
    ['nginx:alpine', ['docker', 'simulator'], ['docker']],
    ['nginx:alpine', ['process', 'docker', 'simulator'], ['docker']],
    ['process', ['process', 'docker', 'simulator'], ['process']],
    ['', ['process', 'docker'], ['process']],
    ['nginx:alpine', ['docker', 'another'], ['docker', 'another']],
    // Nobody is for it: who is there says so.
    ['nginx:alpine', ['process', 'simulator'], ['process']],
    ['process', ['docker', 'simulator'], ['docker']],
    ['nginx:alpine', [], []],
  ])('a task of image "%s" among %j is for %j', (image, backends, fit) => {
    expect([...fitBackends(image, new Set(backends))]).toEqual(fit);
  });
});
