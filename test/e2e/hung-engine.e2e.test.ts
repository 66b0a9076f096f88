// An engine that hangs breaks no connection, and answers nothing: its node is given nothing new, what runs there runs on,
// and nobody replaces it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { type PrivateEngine, startPrivateEngine } from '../harness/private-engine.ts';
import { inProject } from '../harness/root.ts';
import { areReady, hasConverged, nodeNamed } from '../harness/sightings.ts';

const run = promisify(execFile);
let cluster: TestCluster;
let engine: PrivateEngine;

afterAll(async () => {
  await cluster?.stop();
  await engine?.stop();
});

it.runIf(process.getuid?.() === 0)('makes its node suspect until it answers again', async () => {
  engine = await startPrivateEngine();
  await run(inProject('deploy', 'images', 'build'), { env: { ...process.env, DOCKER_HOST: engine.host } });
  cluster = await startCluster();
  await cluster.startControl(1);
  const args = ['--cluster', `hung-${process.pid}`];
  await cluster.startAgent('hung', { backend: 'docker', args, env: { DOCKER_HOST: engine.host } });
  await cluster.startAgent('well', { backend: 'docker', args });
  const watch = await cluster.watch();
  await watch.until('two nodes', areReady(2));
  const spec = { image: 'muster/demo:1', restart: { delay: 0 } };
  await cluster.intend(watch, 'apply', 'web', { ...spec, replicas: 2 });
  const before = await watch.until('two run', hasConverged('web', 2));
  expect(new Set(before.map(({ node }) => node?.description.hostname)).size).toBe(2);

  await engine.hang();
  await watch.until('suspicion', () => nodeNamed(watch, 'hung')?.status === 'suspect', 12_000);
  expect(await cluster.print('node', 'ls')).toMatch(/hung .*suspect/i);
  expect(await cluster.print('node', 'inspect', 'hung')).toContain('its engine does not answer');
  const { stdout } = await cluster.run(['doctor']);
  expect(stdout).toMatch(/hung is suspect: its engine does not answer/);
  expect(stdout).toMatch(/look at the engine/);
  await cluster.intend(watch, 'apply', 'more', { ...spec, replicas: 3 });
  const elsewhere = await watch.until('three more run', hasConverged('more', 3));
  expect(elsewhere.map(({ node }) => node?.description.hostname)).toEqual(['well', 'well', 'well']);

  await engine.goOn();
  await watch.until('its answer', () => nodeNamed(watch, 'hung')?.status === 'ready', 15_000);
  const after = await watch.until('the same two', hasConverged('web', 2));
  expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  expect(watch.events('node.status_changed').map(({ event }) => event.status)).not.toContain('down');
  await cluster.intend(watch, 'remove', 'web');
  await cluster.intend(watch, 'remove', 'more');
  await watch.until('all to be gone', ({ state }) => state.services.size === 0 && state.tasks.size === 0);
});
