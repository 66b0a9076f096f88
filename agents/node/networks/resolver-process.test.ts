import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger, systemClock } from '@muster/runtime';
import { afterEach, expect, it } from 'vitest';
import { keepResolver } from './resolver-process.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'muster-test-'));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('starts no resolver once it is told to stop, though it was about to', async () => {
  const resolver = keepResolver({
    dir,
    namesDir: path.join(dir, 'names'),
    netns: '/proc/self/ns/net',
    listen: '127.0.0.1',
    program: ['true'],
    clock: systemClock,
    logger: silentLogger,
  });
  await resolver.stop();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(existsSync(path.join(dir, 'resolver.pid'))).toBe(false);
});
