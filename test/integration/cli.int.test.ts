// The commands on a real cluster: what they print, what they end with, and that they tell the truth about the log.
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { clearChanges, createChanges, createState, foldRecord, hashState } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { spawnMuster } from '../harness/program.ts';
import { areReady, catchUp, hasConverged, isGone } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster({ env: { MUSTER_ACTOR: 'ana' } });
  await cluster.start('up', '--nodes', '3', '--copies', '2', '--backend', 'simulator');
  watch = await cluster.watch();
  await watch.until('three nodes', areReady(3));
});

afterAll(() => cluster?.stop());

const lines = (text: string) => text.trimEnd().split('\n');
const jsonLines = (text: string) => lines(text).map((line) => JSON.parse(line));
const now = ['--stable-for', '0s'];

describe('a service', () => {
  it('is created, and waited for until it runs', async () => {
    const flags = ['--name', 'web', '--replicas', '3', '--label', 'tier=front', '-e', 'SIM_PRINT=hello'];
    const outcome = await cluster.run(['service', 'create', ...flags, ...now, 'nginx:1']);
    await catchUp(watch);
    const service = watch.state.serviceByName.get('', 'web')!;
    expect(outcome).toEqual({
      code: 0,
      stdout: `${service.id}\n`,
      stderr: expect.stringContaining('overall progress: 3 out of 3 tasks'),
    });
    expect(hasConverged('web', 3)(watch)).toBeDefined();
    expect(watch.events('service.created')[0]!.event.actor).toBe('ana');
  });

  it('is listed, in Docker’s columns and as JSON', async () => {
    const { id } = watch.state.serviceByName.get('', 'web')!;
    const [header, row] = lines(await cluster.print('service', 'ls'));
    expect(header).toMatch(/^ID +NAME +MODE +REPLICAS +IMAGE +PORTS$/);
    expect(row).toMatch(new RegExp(`^${id.slice(0, 12)} +web +replicated +3/3 +nginx:1$`));
    expect(jsonLines(await cluster.print('service', 'ls', '--format', 'json'))).toEqual([
      { ID: id.slice(0, 12), Name: 'web', Mode: 'replicated', Replicas: '3/3', Image: 'nginx:1', Ports: '' },
    ]);
    expect(await cluster.print('service', 'ls', '--format', '{{.Name}}: {{.Replicas}}')).toBe('web: 3/3\n');
    expect(await cluster.print('service', 'ls', '-q', '--filter', 'name=nothing')).toBe('');
  });

  it('is inspected, with its tasks', async () => {
    const [inspected] = JSON.parse(await cluster.print('service', 'inspect', 'web'));
    expect(inspected).toMatchObject({
      ID: watch.state.serviceByName.get('', 'web')!.id,
      Spec: {
        Name: 'web',
        Labels: { tier: 'front' },
        TaskTemplate: { ContainerSpec: { Image: 'nginx:1', Env: ['SIM_PRINT=hello'] } },
        Mode: { Replicated: { Replicas: 3 } },
      },
    });
    expect(await cluster.print('service', 'inspect', '--pretty', 'web')).toMatch(/^ Replicas: +3$/m);
    const tasks = lines(await cluster.print('service', 'ps', 'web'));
    expect(tasks[0]).toMatch(/^ID +NAME +IMAGE +NODE +DESIRED STATE +CURRENT STATE +ERROR +PORTS$/);
    expect(tasks.slice(1).map((line) => line.match(/ (web\.\d) .* (node\d) +Running +Running/)?.[1])).toEqual(
      ['web.1', 'web.2', 'web.3'],
    );
    const [task] = JSON.parse(
      await cluster.print('task', 'inspect', lines(await cluster.print('service', 'ps', '-q', 'web'))[0]!),
    );
    expect(task).toMatchObject({ Slot: 1, DesiredState: 'running', Status: { State: 'running' } });
    expect(lines(await cluster.print('node', 'ps', 'node1', 'node2', 'node3'))).toHaveLength(4);
  });

  it('shows what its tasks have written', async () => {
    const output = lines(await cluster.print('service', 'logs', 'web'));
    expect(output).toHaveLength(3);
    for (const line of output) expect(line).toMatch(/^web\.[123]\.\w+@node\d +\| hello$/);
  });

  it('is scaled and updated, and shows both', async () => {
    expect(await cluster.print('service', 'scale', ...now, 'web=4')).toContain('web scaled to 4');
    await catchUp(watch);
    expect(hasConverged('web', 4)(watch)).toBeDefined();
    await cluster.print(
      'service',
      'update',
      ...now,
      '--image',
      'nginx:2',
      '--update-parallelism',
      '0',
      'web',
    );
    await catchUp(watch);
    const tasks = hasConverged('web', 4)(watch)!;
    expect(tasks.map(({ version }) => version.spec.containerSpec.image)).toEqual(Array(4).fill('nginx:2'));
    const listed = await cluster.print(
      'service',
      'ps',
      '--format',
      '{{.Name}} {{.Image}} {{.CurrentState}}',
      'web',
    );
    expect(listed).toMatch(/^web\.1 nginx:2 Running .*\n \\_ web\.1 nginx:1 Shutdown/);
  });

  it('is not waited for when that is not wanted', async () => {
    const flags = ['--name', 'big', '--reserve-memory', '100g', '-d'];
    expect(await cluster.run(['service', 'create', ...flags, 'nginx'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    await watch.until('the reason', () => watch.events('tasks.unschedulable').length > 0);
    expect(await cluster.print('service', 'ps', 'big')).toMatch(
      /Pending .*"no suitable node \(insufficient resources on 3 nodes\)"/,
    );
  });

  it('is removed, and is gone then', async () => {
    const outcome = await cluster.run(['service', 'rm', 'web', 'big']);
    expect(outcome).toMatchObject({ code: 0, stdout: 'web\nbig\n' });
    await catchUp(watch);
    expect(isGone('web')(watch)).toBe(true);
    expect(lines(await cluster.print('service', 'ls'))).toHaveLength(1);
  });
});

describe('what can’t be done', () => {
  it.each([
    [
      4,
      /has not converged within 1 seconds/,
      ['service', 'create', '--timeout', '1s', '--name', 'late', '--reserve-cpu', '99', 'nginx'],
    ],
    [1, /late already exists/, ['service', 'create', '--name', 'late', 'nginx']],
    [1, /no such service: nobody/, ['service', 'inspect', 'nobody']],
    [1, /no such service: nobody/, ['service', 'rm', 'nobody']],
    [1, /nobody/, ['service', 'scale', 'nobody=3']],
    [1, /invalid name/, ['service', 'create', '--name', 'no.dots', 'nginx']],
    [1, /image: .*string/, ['pub', 'service.apply.x', '{"image":3}']],
    [1, /unknown kind "pod"/, ['pub', 'pod.apply.x', '{}']],
    [1, /not a subject/, ['pub', 'muster.nonsense', '{}']],
    [2, /unknown command/, ['service', 'frobnicate']],
    [2, /missing required argument/, ['service', 'create']],
    [2, /unknown option/, ['service', 'ls', '--colour']],
    [2, /template parsing error/, ['service', 'ls', '--format', '{{.Name']],
    [
      3,
      /can't reach NATS at 127\.0\.0\.1:1: start it, or pass --nats/,
      ['--nats', 'nats://127.0.0.1:1', 'service', 'ls'],
    ],
  ])('ends with %i and says %s', async (code, sentence, args) => {
    const outcome = await cluster.run(args);
    expect(outcome.stderr).toMatch(sentence);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).not.toMatch(/\n +at /);
  });
});

describe('the log', () => {
  it('is told from a sequence or a time on, about one service or all', async () => {
    await catchUp(watch);
    const head = watch.state.head;
    const all = lines(await cluster.print('events'));
    expect(all).toHaveLength(head);
    expect(lines(await cluster.print('events', '--since', '5', '--until', '8'))).toEqual(all.slice(4, 8));
    expect(lines(await cluster.print('events', '--since', '10m'))).toHaveLength(head);
    expect(lines(await cluster.print('events', '-n', '2'))).toEqual(all.slice(-2));
    const ofBig = jsonLines(await cluster.print('events', '--service', 'big', '--format', 'json'));
    expect(ofBig.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'intent.service.create',
        'service.created',
        'tasks.unschedulable',
        'service.removed',
      ]),
    );
    for (const { seq, subject } of ofBig) expect(watch.facts[seq - 1]).toMatchObject({ seq, subject });
  });

  it('is followed until Ctrl-C', async () => {
    const following = spawnMuster(['events', '--follow', '--since', String(watch.state.head + 1)], {
      MUSTER_NATS: cluster.url,
    });
    // Taken at once, or it misses what is told before somebody asks.
    const told = createInterface({ input: following.stdout! })[Symbol.asyncIterator]();
    await cluster.print('service', 'create', '--name', 'followed', '-d', 'nginx');
    for (let line = ''; !/followed\.1 running/.test(line); ) line = (await told.next()).value;
    following.kill('SIGINT');
    const [code] = await once(following, 'close');
    expect([0, 130]).toContain(code);
  });

  it('is the chain from the intent to the container', async () => {
    const story = await cluster.print('audit', 'followed');
    expect(lines(story)[0]).toMatch(/ana: asked to create service followed/);
    expect(story).toMatch(/orchestrator: accepted #\d+: service followed is created/);
    expect(story).toMatch(/scheduler: gave followed\.1 to node node\d/);
    expect(story).toMatch(/because: \d nodes? considered/);
    expect(story).toMatch(/node\d: followed\.1 running/);
  });

  it('gives back the state as it was', async () => {
    await catchUp(watch);
    const { state, log } = watch;
    const past = createState();
    const changes = createChanges();
    const seq = Math.floor(state.head / 2);
    for await (const record of log.read({ from: 1, to: seq })) {
      foldRecord(past, record, changes);
      clearChanges(changes);
    }
    const hashOf = async (...at: string[]) =>
      (await cluster.print('state', '--format', 'hash', ...at)).split(' ')[0];
    expect(await hashOf('--at', String(seq))).toBe(hashState(past));
    expect(await hashOf('--at', new Date(past.headTime).toISOString())).toBe(
      await hashOf('--at', String(lastAt(past.headTime))),
    );
    expect(await hashOf()).toBe(hashState(state));
    const { rows } = JSON.parse(await cluster.print('state', '--at', String(seq)));
    expect(rows[0]).toMatchObject(['head', { head: seq }]);
  });

  /** The last sequence at or before a time. */
  function lastAt(time: number): number {
    return watch.facts.findLast((fact) => fact.time <= time)!.seq;
  }
});

it('the doctor finds nothing wrong but what can’t be placed', async () => {
  const { code, stdout } = await cluster.run(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok +copies +allocator 2, api 2, dispatcher 2, orchestrator 2, scheduler 2$/m);
  expect(stdout).toMatch(/^ok +nodes +3 of 3 ready$/m);
  expect(stdout).toMatch(/^warn +tasks +late: no suitable node/m);
  expect(stdout).not.toMatch(/^fail/m);
});

it('completion knows commands and names', async () => {
  expect(await cluster.print('complete', '--', 'service', 'inspect', '')).toMatch(/^followed\b/m);
  expect(await cluster.print('complete', '--', 'serv')).toMatch(/^service\b/m);
  expect(await cluster.print('completion', 'bash')).toContain('muster');
});
