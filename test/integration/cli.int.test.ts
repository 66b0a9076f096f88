// The commands on a real cluster: what they print, what they end with, and that they tell the truth about the log.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { clearChanges, createChanges, createState, foldRecord, hashState } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { spawnMuster } from '../harness/program.ts';
import { inProject } from '../harness/root.ts';
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

  it('is scaled though others, named before it, are not there', async () => {
    expect(await cluster.run(['service', 'scale', 'nope=1', 'web=5', 'WEB=4', '-d=false', ...now])).toEqual({
      code: 1,
      stdout: 'web scaled to 5\nWEB scaled to 4\n',
      stderr: expect.stringContaining('Error: no such service: nope\n'),
    });
    await catchUp(watch);
    expect(hasConverged('web', 4)(watch)).toBeDefined();
  });

  it('is said to fail, as Docker’s update is, when an update can’t be', async () => {
    await watch.until('updates are watched', ({ state }) => state.wireVersion >= 2, 60_000);
    const broken = [
      'service',
      'update',
      ...now,
      '--env-add',
      'SIM_FAIL=prepare',
      '--update-failure-action',
      'pause',
      'web',
    ];
    const sentence =
      /^Error: service update paused: update paused due to failure or early termination of task \w{25}$/m;
    expect(await cluster.run(broken)).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) });
    // It is so already, and no better.
    expect(await cluster.run(broken)).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence) });
    await cluster.print('service', 'update', ...now, '--env-rm', 'SIM_FAIL', 'web');
    await catchUp(watch);
    expect(hasConverged('web', 4)(watch)).toBeDefined();
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
  it('ends with 4 and says that it has not converged', async () => {
    const flags = ['--timeout', '1s', '--name', 'late', '--reserve-cpu', '99'];
    const outcome = await cluster.run(['service', 'create', ...flags, 'nginx']);
    expect(outcome.stderr).toMatch(/has not converged within 1 seconds/);
    expect(outcome.code).toBe(4);
    expect(outcome.stderr).not.toMatch(/\n +at /);
  });

  it.concurrent.each<[number, RegExp, string[]]>([
    [1, /late already exists/, ['service', 'create', '--name', 'late', 'nginx']],
    [1, /no such service: nobody/, ['service', 'inspect', 'nobody']],
    [1, /no such service: nobody/, ['service', 'rm', 'nobody']],
    [1, /nobody/, ['service', 'scale', 'nobody=3']],
    [1, /invalid name/, ['service', 'create', '--name', 'no.dots', 'nginx']],
    [1, /image: .*string/, ['pub', 'service.apply.x', '{"image":3}']],
    [1, /unknown kind "pod"/, ['pub', 'pod.apply.x', '{}']],
    [1, /not a subject of an intent/, ['pub', 'muster.nonsense', '{}']],
    [1, /not a subject of an intent/, ['pub', 'muster.event.foo', '{}']],
    [2, /invalid argument "maybe" for "-d, --detach" flag/, ['service', 'scale', 'late=1', '-d=maybe']],
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

it('is said within seconds when an address does not answer at all', async () => {
  // Its queue is full and nobody takes anybody from it: the kernel lets further ones wait.
  const listen = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
  const silent = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(silent.stdout!, 'data')) as [Buffer];
  const port = Number(chunk.toString());
  silent.kill('SIGSTOP');
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  const startedAt = performance.now();
  const outcome = await cluster.run(['service', 'ls', '--nats', `nats://127.0.0.1:${port}`]);
  for (const socket of waiting) socket.destroy();
  silent.kill('SIGKILL');
  expect(outcome).toMatchObject({ code: 3, stderr: expect.stringMatching(/can't reach NATS .*\(timeout\)/) });
  expect(performance.now() - startedAt).toBeLessThan(6_000);
});

describe('a mistake of who runs it', () => {
  const onlyLine = (text: string) => expect(lines(text)).toHaveLength(1);

  it('is no crash when there is no room for the output', () => {
    const program = inProject('dist', 'muster.js');
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', '"$0" "$1" service ls > /dev/full', process.execPath, program],
      { env: { ...process.env, MUSTER_NATS: cluster.url }, encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Error: can't write the output: ENOSPC/);
    onlyLine(stderr);
  });

  it('is no crash when there is no such level of logs, and an empty one is none', async () => {
    const { code, stderr } = await cluster.run(['scheduler'], { env: { MUSTER_LOG_LEVEL: 'loud' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: MUSTER_LOG_LEVEL is "loud": there is trace, .*, silent$/m);
    onlyLine(stderr);
  });

  it('is no crash when a directory can’t be one', async () => {
    const { code, stderr } = await cluster.run(['up', '--dir', '/dev/null/x', '--backend', 'simulator']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: ENOTDIR: not a directory, mkdir/);
    onlyLine(stderr);
  });

  it('is no crash when something listens on the port', async () => {
    const { port } = new URL(cluster.url);
    const flags = ['--dir', `${cluster.dir}/another`, '--backend', 'simulator', '--nats-port', port];
    const { code, stderr } = await cluster.run(['up', ...flags]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: nats-server doesn't start: .*choose another port with --nats-port$/m);
    onlyLine(stderr);
  });

  it('is none at all when a variable is empty', async () => {
    const { stderr } = await cluster.run(['service', 'ls'], { env: { MUSTER_NATS: '', MUSTER_ACTOR: '' } });
    expect(stderr).not.toMatch(/isn't the address|An actor is one word/);
  });
});

describe('the log', () => {
  it('is told from a sequence or a time on, about one service or all', async () => {
    await catchUp(watch);
    const head = watch.state.head;
    const [all, some, late, last] = (
      await Promise.all(
        [[], ['--since', '5', '--until', '8'], ['--since', '10m'], ['-n', '2']].map((flags) =>
          cluster.print('events', ...flags),
        ),
      )
    ).map(lines);
    expect(all).toHaveLength(head);
    expect(some).toEqual(all!.slice(4, 8));
    expect(late).toHaveLength(head);
    expect(last).toEqual(all!.slice(-2));
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
    // Before it follows, the signal ends it, which a shell calls 130.
    const [code, signal] = await once(following, 'close');
    expect([0, 130]).toContain(signal === 'SIGINT' ? 130 : code);
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
    const [atSeq, atTime, atLast, atEnd] = await Promise.all([
      hashOf('--at', String(seq)),
      hashOf('--at', new Date(past.headTime).toISOString()),
      hashOf('--at', String(lastAt(past.headTime))),
      hashOf(),
    ]);
    expect(atSeq).toBe(hashState(past));
    expect(atTime).toBe(atLast);
    expect(atEnd).toBe(hashState(state));
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
  expect(stdout).toMatch(/^warn +services +late: 0 of \d+ run: no suitable node/m);
  expect(stdout).not.toMatch(/^fail/m);
});

/** Names that come too late are not offered: on a busy machine that happens. */
const patiently = { retry: 3 };

it('completion knows commands and names', patiently, async () => {
  expect(await cluster.print('complete', '--', 'service', 'inspect', '')).toMatch(/^followed\b/m);
  expect(await cluster.print('complete', '--', 'serv')).toMatch(/^service\b/m);
  expect(await cluster.print('complete', '--', 'agent', '--dir', '')).toBe(':16\n');
});

describe('completion in bash', patiently, () => {
  /** What bash offers at the end of a line, and whether a blank follows; the words are split as bash does. */
  function completeInBash(line: string): string {
    const words = line.match(/[^\s:=]+|[:=]+/g)!;
    if (/\s$/.test(line)) words.push('');
    const script = `
      muster() { "$node" "$program" "$@"; }
      compopt() { echo "compopt $*"; }
      source <(muster completion bash)
      COMP_LINE=$1 COMP_POINT=\${#1}
      shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      _muster_complete
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-uc', script, 'bash', line, ...words], {
      env: {
        PATH: process.env.PATH,
        node: process.execPath,
        program: inProject('dist', 'muster.js'),
        MUSTER_NATS: 'nats://127.0.0.1:1',
      },
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout;
  }

  it.each([
    ['muster --nats URL service inspect fol', 'followed\n'],
    ['muster service scale --nats URL ', 'compopt -o nospace\nfollowed=\nlate=\n'],
    ['muster service scale --nats URL late', 'compopt -o nospace\nlate=\n'],
    ['muster service scale --nats URL late=', 'compopt -o nospace\n\n'],
    ['muster service create --restart-condition=on', 'on-failure\n'],
    ['muster service ls --all', '--all-teams\n'],
  ])('%s', (line, offered) => {
    expect(completeInBash(line.replace('URL', cluster.url))).toBe(offered);
  });
});

describe('what Docker has at the top', () => {
  it('is there: inspect and logs of whatever has the name, info, version and help', async () => {
    const [service, node] = JSON.parse(await cluster.print('inspect', 'followed', 'NODE1'));
    expect(service).toMatchObject({ Spec: { Name: 'followed' } });
    expect(node).toMatchObject({ Description: { Hostname: 'node1' } });
    expect(await cluster.run(['inspect', '--type', 'task', 'followed'])).toMatchObject({
      code: 1,
      stderr: 'Error: no such task: followed\n',
    });
    expect(await cluster.run(['logs', 'followed'])).toMatchObject({ code: 0 });
    expect(await cluster.print('info')).toMatch(/^Cluster:\n Name: +muster\n/);
    expect(await cluster.print('version')).toMatch(
      /^Client:\n Version: +\S+\n Fold version: +\d+\n(.*\n)+\nServer:/,
    );
    expect(await cluster.run(['version', '--nats', 'nats://127.0.0.1:1'])).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^Client:\n Version/),
    });
    expect(await cluster.print('help', 'service', 'create')).toMatch(/^Usage: muster service create /);
    expect(await cluster.run(['help', 'service', 'creat'])).toMatchObject({ code: 2 });
  });
});
