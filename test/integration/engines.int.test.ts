// Engines that can't be used, as doctor tells of them: one that is not there, and one that takes calls and answers none.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { spawnMuster } from '../harness/program.ts';
import { areReady } from '../harness/sightings.ts';

let cluster: TestCluster;
let silent: Server;
const agents: ChildProcess[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(1);
  silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
});

afterAll(async () => {
  for (const agent of agents) agent.kill('SIGKILL');
  await cluster?.stop();
  silent?.close();
});

/** One that can't join is never ready. */
function launchAgent(hostname: string, dockerHost: string): void {
  const args = ['agent', '--hostname', hostname, '--dir', join(cluster.dir, 'ill', hostname)];
  agents.push(spawnMuster(args, { MUSTER_NATS: cluster.url, DOCKER_HOST: dockerHost }));
}

async function examine() {
  const { code, stdout } = await cluster.run(['doctor', '--format', 'json']);
  const findings = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<'level' | 'what' | 'says', string>);
  return { code, engines: findings.filter(({ what }) => what === 'engines') };
}

it('are told of with their node and why', async () => {
  launchAgent('absent', 'unix:///no/such/docker.sock');
  launchAgent('silent', `tcp://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  const says = expect.stringMatching(/the agent of absent.*\/no\/such\/docker\.sock does not answer.*ENOENT/);
  const hangs = expect.stringMatching(/the agent of silent.*it has not answered yet/);
  await expect
    .poll(async () => (await examine()).engines, { timeout: 20_000 })
    .toEqual(
      expect.arrayContaining([
        expect.objectContaining({ level: 'fail', says }),
        expect.objectContaining({ level: 'fail', says: hangs }),
      ]),
    );
  expect((await examine()).code).toBe(1);

  // Beside one that works they are no reason to fail.
  await cluster.startAgent('well', { backend: 'process' });
  const watch = await cluster.watch();
  await watch.until('a node', areReady(1));
  const { code, engines } = await examine();
  expect(engines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 'ok', says: expect.stringMatching(/^process .* on 1$/) }),
      expect.objectContaining({ level: 'warn', says }),
    ]),
  );
  expect(code).toBe(0);
});
