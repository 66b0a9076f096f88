// A small application on three nodes: deployed, scaled, hurt, healed, explained, and removed without a trace.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendKind } from '@muster/backends';
import { createLogger } from '@muster/runtime';
import type { Terminal } from '../output/terminal.ts';
import { type UpCluster, up } from '../up/up.ts';
import { describeApplication } from './application.ts';
import { killTask, listRunning, type RunningTask } from './engine-check.ts';
import { findMesh } from './find-mesh.ts';
import { showLiveTable } from './live-table.ts';
import { openStage, type Stage } from './stage.ts';

export interface DemoOptions {
  readonly backend: BackendKind;
  /** End after the last step instead of staying. */
  readonly once: boolean;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

const NODES = 3;
const COPIES = 2;
/** Where `service inspect` shows the port that the allocator picked. */
const PORT = '{{(index .Endpoint.Ports 0).PublishedPort}}';
const WAIT_LIMIT_MS = 60_000;

export async function runDemo({ backend, once, terminal, signal }: DemoOptions): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-demo-'));
  let cluster: UpCluster | undefined;
  const stage = openStage(terminal, () => cluster!.url, signal);
  try {
    if (backend === 'docker') await stage.step('Make the images', () => buildImages(stage));
    await stage.step(
      `Start a cluster: nats-server, every reducer ${COPIES} times, ${NODES} nodes`,
      async () => {
        cluster = await up({
          nodes: NODES,
          backend,
          copies: COPIES,
          dir,
          clusterName: `demo-${process.pid}`,
          heartbeatMs: 5000,
          labels: {},
          logger: createLogger({ role: 'demo' }, 'error'),
          onStep: stage.say,
          onFailure: (error) => terminal.note(`${error.message}\n`),
          signal,
        });
      },
    );
    await play(stage, cluster!, backend);
    if (!once) await showLiveTable(terminal, cluster!.url, ['web', 'api', 'worker'], signal);
  } finally {
    if (cluster) await cleanUp(terminal, cluster);
    await rm(dir, { recursive: true, force: true });
  }
}

async function play(stage: Stage, cluster: UpCluster, backend: BackendKind): Promise<void> {
  const hasMesh = backend === 'docker' && (await findMesh(stage));
  const application = describeApplication(backend, { hasMesh });
  const running = () => listRunning(cluster.agents);
  const expectRunning = async (count: number) => {
    await until(async () => (await running()).length === count, `${count} tasks run`);
    stage.check(`${count} tasks run on the engine`, (await running()).length === count);
  };

  await stage.step('Deploy three services, one of them by nothing but a message', async () => {
    await stage.muster('service', 'create', ...application.web);
    await stage.muster('pub', 'muster.intent.ana.service.apply.api', JSON.stringify(application.api));
    await stage.muster('service', 'create', ...application.worker);
    await stage.muster('service', 'ls');
    await expectRunning(6);
    if (application.servesPage)
      await checkPage(stage, await stage.ask('service', 'inspect', 'api', '--format', PORT));
    if (application.meshPort !== undefined) await checkPage(stage, `${application.meshPort}`);
  });
  await stage.step('Scale one', async () => {
    await stage.muster('service', 'scale', 'web=5');
    await expectRunning(8);
  });
  await stage.step('Kill a task behind its back, and see it replaced', async () => {
    const victim = (await running())[0]!;
    stage.say(await killTask(backend, victim));
    await until(async () => isReplaced(victim, await running()), 'it is replaced');
    const after = await running();
    stage.check('it no longer runs', !after.some(({ state }) => state.taskId === victim.state.taskId));
    stage.check('another task took its place', after.length === 8);
    await stage.muster('service', 'ps', 'web', 'api', 'worker');
  });
  await stage.step('Ask what happened, who did it and why', async () => {
    await stage.muster('events', '--since', '10s');
    await stage.muster('audit', 'api');
    await stage.muster('state', '--format', 'hash');
  });
}

function isReplaced(victim: RunningTask, after: readonly RunningTask[]): boolean {
  return after.length === 8 && !after.some(({ state }) => state.taskId === victim.state.taskId);
}

async function checkPage(stage: Stage, port: string): Promise<void> {
  const url = `http://127.0.0.1:${port}/`;
  let page = '';
  await until(async () => {
    page = await fetch(url).then(
      (response) => response.text(),
      () => '',
    );
    return page !== '';
  }, `${url} answers`);
  stage.check(
    `${url} answers: ${/<p>(.*)<\/p>/.exec(page)?.[1] ?? page.slice(0, 60)}`,
    page.includes('version 1'),
  );
}

async function cleanUp(terminal: Terminal, cluster: UpCluster): Promise<void> {
  terminal.write('\nRemoving everything.\n');
  await cluster.stop({ removeTasks: true });
}

async function buildImages(stage: Stage): Promise<void> {
  const script = fileURLToPath(new URL('../deploy/images/build', import.meta.url));
  await new Promise<void>((resolve, reject) => {
    const child = spawn(script, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`deploy/images/build ended with exit code ${code}`)),
    );
  });
  stage.say('muster/demo:1 and muster/demo:2 are there; nothing was pulled');
}

async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + WAIT_LIMIT_MS;
  while (!(await isTrue())) {
    if (performance.now() > end)
      throw new Error(`${WAIT_LIMIT_MS / 1000} s passed and it was not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
