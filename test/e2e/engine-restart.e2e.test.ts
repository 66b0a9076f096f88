// An engine that restarts, politely or not, takes its containers with it: the agent waits for it, says what became of
// them, and starts others. An engine of the test's own, because no other test could bear it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { type PrivateEngine, startPrivateEngine } from '../harness/private-engine.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { inProject } from '../harness/root.ts';
import { areReady, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

describe.runIf(process.getuid?.() === 0)('an engine that goes away and comes back', () => {
  let engine: PrivateEngine;
  let docker: Docker;
  let cluster: TestCluster;
  let watch: Watch;
  let agent: RoleProcess;

  beforeAll(async () => {
    engine = await startPrivateEngine();
    const env = { DOCKER_HOST: engine.host };
    await promisify(execFile)(inProject('deploy', 'images', 'build'), { env: { ...process.env, ...env } });
    docker = new Docker({ socketPath: engine.host.replace('unix://', '') });
    cluster = await startCluster({ env });
    await cluster.startControl(1);
    agent = await cluster.startAgent('one', { backend: 'docker' });
    watch = await cluster.watch();
    await watch.until('the node', areReady(1));
    await cluster.intend(watch, 'apply', 'web', {
      image: 'muster/demo:1',
      replicas: 3,
      restart: { delay: 0 },
    });
    await watch.until('three run', hasConverged('web', 3));
  });

  afterAll(async () => {
    await cluster?.stop();
    await engine?.stop();
  });

  it.each(['restart', 'crash'] as const)(
    'after a %s runs what it is to run, and nothing else',
    async (upset) => {
      const before = await watch.until('three run', hasConverged('web', 3));
      const at = watch.state.head;
      await engine[upset]();
      const after = await watch.until(
        'three others run',
        (seen) => {
          const tasks = hasConverged('web', 3)(seen);
          return tasks?.every(({ id }) => !before.some((task) => task.id === id)) && tasks;
        },
        60_000,
      );
      const running = (await docker.listContainers()).map(({ Id }) => Id);
      expect(running.sort()).toEqual(after.map(({ runId }) => runId).sort());
      // Each has a last word: a task isn't just forgotten. An engine on its way down may take some that came next along.
      const ended = new Map(
        watch
          .events('tasks.reported')
          .filter(({ seq }) => seq > at)
          .flatMap(({ event }) => event.statuses)
          .filter(({ state }) => state === 'failed' || state === 'complete')
          .map(({ id, exitCode }) => [id, exitCode]),
      );
      for (const { id } of before) expect(ended.get(id)).toBeTypeOf('number');
      // So short an absence makes it suspect, which is no reason to run its tasks elsewhere.
      const verdicts = watch.events('node.status_changed').filter(({ seq }) => seq > at);
      expect(verdicts.filter(({ event }) => event.status === 'down')).toEqual([]);
      expect(agent.log.filter(({ level }) => level >= 50)).toEqual([]);
    },
  );

  it('removes every container of a service that goes', async () => {
    await cluster.intend(watch, 'remove', 'web');
    await watch.until('it is gone', isGone('web'), 60_000);
    await expect.poll(() => docker.listContainers({ all: true }), { timeout: 20_000 }).toEqual([]);
  });
});
