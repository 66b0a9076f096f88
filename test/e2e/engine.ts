// Before the first end-to-end test: the demo's images, in the engine that the tests use.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export default async function setUp(): Promise<void> {
  if (process.env.MUSTER_NO_ENGINE || !process.env.DOCKER_HOST) return; // require-engine.ts says so in each file.
  await promisify(execFile)(fileURLToPath(new URL('../../deploy/images/build', import.meta.url)));
}
