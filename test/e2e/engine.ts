// Before the first end-to-end test: the demo's images in the engine that the tests use, and a static busybox for those
// that make images of their own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const images = fileURLToPath(new URL('../../deploy/images/', import.meta.url));

export default async function setUp(): Promise<void> {
  if (process.env.MUSTER_NO_ENGINE || !process.env.DOCKER_HOST) return; // require-engine.ts says so in each file.
  await run(`${images}build`);
  process.env.MUSTER_BUSYBOX = (await run(`${images}busybox`)).stdout.trim();
}
