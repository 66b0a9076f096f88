// Before the first end-to-end test: a Docker engine that answers, with the demo's images in it. Without one the tests
// fail with the reason, because a test that is skipped in silence tests nothing.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));

export default async function setUp(): Promise<void> {
  const { MUSTER_NO_ENGINE: reason, DOCKER_HOST: host } = process.env;
  if (reason) throw new Error(reason);
  if (!host) throw new Error('These tests need a Docker engine: run them as `deploy/with-engine npx vitest …`.');
  await run(`${deploy}images/build`);
}
