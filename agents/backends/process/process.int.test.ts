// The process backend on real processes: the contract, and what only processes have.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLogger } from '@muster/runtime';
import { build } from 'esbuild';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { type BackendRig, makeOrder, type SpecInput, testBackend } from '../backend.contract.ts';
import type { LogChunk, RunState } from '../backend.ts';
import { ProcessBackend } from './process-backend.ts';
import { loadProcesses, locateTask } from './task-files.ts';

const shell = (script: string, more = {}): SpecInput => ({
  containerSpec: { command: ['/bin/sh', '-c'], args: [script], ...more },
});

testBackend('process', async (): Promise<BackendRig> => {
  const stateDir = makeDirectory();
  const connect = async (nodeId: string, clusterName = 'contract') =>
    new ProcessBackend({ clusterName, nodeId, stateDir });
  return {
    connect,
    recipes: {
      untilStopped: shell('trap "exit 0" TERM; echo ready; while :; do sleep 1 & wait $!; done'),
      stubborn: shell('trap "" TERM; echo ready; while :; do sleep 1; done', { stopGracePeriod: '1s' }),
      exits: (exitCode) => shell(`sleep 0.05; exit ${exitCode}`),
      prints: (lines) =>
        shell(
          `echo oops >&2; for line in ${lines.join(' ')}; do echo $line; sleep 0.05; done; exec sleep 60`,
        ),
      impossible: {
        spec: { containerSpec: { image: 'nginx:alpine', command: ['true'] } },
        reason: /^image: .*nginx:alpine/,
      },
      broken: {
        spec: { containerSpec: { command: ['no-such-program'] } },
        reason: /"no-such-program": executable file not found/,
      },
      exec: { hello: ['echo', 'hello'], exit3: ['sh', '-c', 'exit 3'] },
    },
    async plantForeign() {
      const foreign = await connect('node-one', 'another');
      const order = makeOrder(shell('exec sleep 60'), 'node-one', 1);
      await foreign.prepare(order);
      await foreign.start(order.identity.taskId);
      return {
        isUntouched: async () => (await foreign.inspect(order.identity.taskId))?.status === 'running',
        clear: async () => {
          await foreign.remove(order.identity.taskId);
          await foreign.close();
        },
      };
    },
    findTraces: async (taskId) => [...findProcesses(taskId), ...findFiles(stateDir, taskId)],
    dispose: async () => {
      expect(readdirSync(stateDir)).toEqual([]);
      rmSync(stateDir, { recursive: true });
    },
  };
});

describe('tasks as processes', () => {
  const stateDir = makeDirectory();
  const options = { clusterName: 'c', nodeId: 'n', stateDir };
  const taskPath = (taskId: string) => locateTask(path.join(stateDir, 'c', 'n'), taskId);
  const opened: ProcessBackend[] = [];
  let slots = 0;

  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close();
    const backend = new ProcessBackend(options);
    for (const { taskId } of await backend.list()) await backend.remove(taskId);
    await backend.close();
  });
  afterAll(() => rmSync(stateDir, { recursive: true }));

  function connect(): ProcessBackend {
    const backend = new ProcessBackend(options);
    opened.push(backend);
    return backend;
  }

  async function prepare(backend: ProcessBackend, spec: SpecInput): Promise<string> {
    slots += 1;
    const order = makeOrder(spec, 'n', slots);
    await backend.prepare(order);
    return order.identity.taskId;
  }

  async function awaitEnd(backend: ProcessBackend, taskId: string): Promise<RunState> {
    const ended = new Promise<RunState>((resolve) => {
      void backend.watch({
        onChange: (state) => {
          if (state.taskId === taskId && state.status === 'exited') resolve(state);
        },
        onLost: () => {},
      });
    });
    const now = await backend.inspect(taskId);
    return now?.status === 'exited' ? now : ended;
  }

  async function awaitReady(backend: ProcessBackend, taskId: string): Promise<void> {
    for await (const { line } of backend.logs(taskId, { follow: true })) if (line === 'ready') return;
  }

  async function runToEnd(spec: SpecInput): Promise<{ state: RunState; stdout: string[]; stderr: string[] }> {
    const backend = connect();
    const taskId = await prepare(backend, spec);
    await backend.start(taskId);
    const state = await awaitEnd(backend, taskId);
    const chunks: LogChunk[] = [];
    for await (const chunk of backend.logs(taskId, { follow: false })) chunks.push(chunk);
    const linesOf = (stream: string) =>
      chunks.filter((chunk) => chunk.stream === stream).map(({ line }) => line);
    return { state, stdout: linesOf('stdout'), stderr: linesOf('stderr') };
  }

  it('outlive a killed agent, and what happened meanwhile is on record', async () => {
    const gate = path.join(stateDir, 'gate');
    const orders = [shell('exec sleep 60'), shell(`until [ -e ${gate} ]; do sleep 0.02; done; exit 5`)].map(
      (spec) => {
        slots += 1;
        return makeOrder(spec, 'n', slots);
      },
    );
    const [living, ending] = orders.map((order) => order.identity.taskId) as [string, string];
    const agent = await startAgent(options, orders);
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    writeFileSync(gate, '');
    await vi.waitFor(() => expect(findProcesses(ending)).toEqual([]), { timeout: 4_000 });

    const backend = connect();
    const states = new Map((await backend.list()).map((state) => [state.taskId, state]));
    expect(states.get(living)).toMatchObject({ status: 'running' });
    expect(states.get(ending)).toMatchObject({ status: 'exited', exitCode: 5 });
    const ended = awaitEnd(backend, living);
    await backend.stop(living);
    expect(await ended).toMatchObject({ exitCode: 143 });
  });

  it('are known to be killed when no agent was there to see it', async () => {
    const before = connect();
    const taskId = await prepare(before, shell('sleep 60 & echo ready; wait'));
    await before.start(taskId);
    await awaitReady(before, taskId);
    await before.close();
    // The wrapper alone, as the kernel's OOM killer may choose: its command lives on until somebody looks.
    const { wrapper } = loadProcesses(taskPath(taskId))!;
    process.kill(wrapper.pid, 'SIGKILL');
    await vi.waitFor(() => expect(readStat(wrapper.pid)).not.toMatch(/ [RSD] /));
    expect(findProcesses(taskId)).not.toEqual([]);

    const after = connect();
    expect(await after.inspect(taskId)).toMatchObject({
      status: 'exited',
      exitCode: 137,
      error: 'the process is gone and left no exit code',
    });
    await after.remove(taskId);
    await vi.waitFor(() => expect(findProcesses(taskId)).toEqual([]));
  });

  it('end as a whole when the command ends', async () => {
    const { state } = await runToEnd(shell('sleep 60 & sleep 60 & exit 4'));
    expect(state.exitCode).toBe(4);
    await vi.waitFor(() => expect(findProcesses(state.taskId)).toEqual([]));
  });

  it('run once, whoever starts them how often', async () => {
    const file = path.join(stateDir, 'runs');
    const [one, two] = [connect(), connect()];
    const taskId = await prepare(one, shell(`echo run >> ${file}; exec sleep 60`));
    const states = await Promise.all([one, two, one, two].map((backend) => backend.start(taskId)));
    expect(new Set(states.map(({ status, runId }) => `${status} ${runId}`)).size).toBe(1);
    await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe('run\n'));
    await two.stop(taskId);
    expect(readFileSync(file, 'utf8')).toBe('run\n');
  });

  it('end a command that nobody waits for any more, with all that it has started', async () => {
    const backend = connect();
    const taskId = await prepare(backend, { containerSpec: { command: ['sleep'], args: ['60'] } });
    await backend.start(taskId);
    const late = new Error('it took too long');
    const limit = new AbortController();
    const running = backend.exec(taskId, ['/bin/sh', '-c', 'sleep 76.5; true'], { signal: limit.signal });
    const isThere = () => spawnSync('pgrep', ['-f', '^sleep 76.5$']).status === 0;
    await expect.poll(isThere, { timeout: 5_000 }).toBe(true);
    limit.abort(late);
    await expect(running).rejects.toBe(late);
    await expect.poll(isThere, { timeout: 5_000 }).toBe(false);
  });

  it('are not mistaken for another process that has their pid by now', async () => {
    const stranger = spawn('sleep', ['60'], { detached: true });
    try {
      const backend = connect();
      const taskId = await prepare(backend, shell('exec sleep 60'));
      const stat = readStat(stranger.pid!).split(' ');
      stat[21] = String(Number(stat[21]) - 1);
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
      writeFileSync(path.join(taskPath(taskId), 'run'), `${boot}${`${stat.join(' ')}\n`.repeat(2)}`);
      expect(await backend.inspect(taskId)).toMatchObject({ status: 'exited', exitCode: 137 });
      await backend.stop(taskId);
      await backend.remove(taskId);
      expect(readStat(stranger.pid!)).toMatch(/ S /);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('see their own environment and directory, not the agent’s', async () => {
    vi.stubEnv('AGENT_SECRET', 'hush');
    const env = ['A=1', 'A=2 3', 'HOME'];
    const script = 'echo "$A|${AGENT_SECRET-none}|${HOME-none}"; pwd; ls';
    const own = await runToEnd(shell(script, { env }));
    expect(own.stdout).toEqual(['2 3|none|none', path.join(taskPath(own.state.taskId), 'work')]);
    const elsewhere = await runToEnd(shell('pwd', { dir: '/usr/bin/..' }));
    expect(elsewhere.stdout).toEqual(['/usr']);
    vi.unstubAllEnvs();
  });

  it('get an environment of any kind, and nothing of ours does', async () => {
    const env = [
      'PATH=/nowhere',
      'LD_PRELOAD=/no/such/library.so',
      'IFS=/.-0123456789',
      'ENV=/no/such/file',
      'PS4=x',
      'odd.name-1=a b',
      `quoted=it's "so" $HOME \\ \`x\``,
      'lines=one\ntwo',
      '-u=PATH',
      'POSIXLY_CORRECT=1',
    ];
    const { state, stdout } = await runToEnd({
      containerSpec: { command: ['/usr/bin/env'], args: ['-0'], env },
    });
    expect(state).toMatchObject({ status: 'exited', exitCode: 0 });
    const seen = stdout.join('\n').split('\0');
    for (const entry of env) expect(seen).toContain(entry);
  });

  it('keep what is in their environment and arguments from the list of processes', async () => {
    const backend = connect();
    const taskId = await prepare(backend, {
      containerSpec: { command: ['/bin/sh', '-c', 'echo ready; exec sleep 60'], env: ['TOKEN=hush-hush'] },
    });
    await backend.start(taskId);
    await awaitReady(backend, taskId);
    const lines = findProcesses(taskId).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).not.toContain('hush');
  });

  it('may have a program with an equals sign in its path', async () => {
    const program = path.join(stateDir, 'a=b');
    writeFileSync(program, '#!/bin/sh\necho "$A $1"\n', { mode: 0o755 });
    const { stdout } = await runToEnd({ containerSpec: { command: [program, 'two'], env: ['A=one'] } });
    expect(stdout).toEqual(['one two']);
  });

  it('fail with a reason when an argument is longer than the system takes', async () => {
    const long = 'x'.repeat(200_000);
    await expect(runToEnd({ containerSpec: { command: ['/bin/true', long] } })).rejects.toThrow(
      'exec: argument list too long: argument 1 has 200000 characters',
    );
  });

  describe('whose files are bad', () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => warnings.push(text) } as never;
    const open = () => {
      const backend = new ProcessBackend({ ...options, logger });
      opened.push(backend);
      warnings.length = 0;
      return backend;
    };
    async function runTwo(): Promise<readonly [string, string]> {
      const backend = connect();
      const taskIds = [
        await prepare(backend, shell('trap "exit 0" TERM; echo ready; while :; do sleep 1 & wait $!; done')),
        await prepare(backend, shell('echo ready; exec sleep 60')),
      ] as const;
      for (const taskId of taskIds) {
        await backend.start(taskId);
        await awaitReady(backend, taskId);
      }
      await backend.close();
      return taskIds;
    }
    const statusOf = async (backend: ProcessBackend, taskId: string) =>
      (await backend.list()).find((state) => state.taskId === taskId)?.status;

    it.each(['', '{"arguments":["sle', 'null'])(
      'are found by what runs: an order that is "%s"',
      async (text) => {
        const [bad, good] = await runTwo();
        writeFileSync(path.join(taskPath(bad), 'order.json'), text);
        const backend = open();
        expect(await statusOf(backend, bad)).toBe('running');
        expect(await statusOf(backend, good)).toBe('running');
        expect(warnings).toEqual(['a file of a task can not be read: it is set aside']);
        await backend.stop(bad);
        expect(await backend.inspect(bad)).toMatchObject({ status: 'exited', exitCode: 0 });
        await backend.remove(bad);
        expect(findProcesses(bad)).toEqual([]);
      },
    );

    it.each(['run', 'order.json'])('are found by what runs: %s is gone', async (file) => {
      const [bad] = await runTwo();
      rmSync(path.join(taskPath(bad), file));
      const backend = open();
      expect(await statusOf(backend, bad)).toBe('running');
      await backend.stop(bad);
      expect(await backend.inspect(bad)).toMatchObject({ status: 'exited', exitCode: 0 });
    });

    it('are stopped all the same when their folder is gone', async () => {
      const [bad] = await runTwo();
      const backend = open();
      const { runId } = (await backend.inspect(bad))!;
      rmSync(taskPath(bad), { recursive: true });
      expect((await backend.list()).find(({ taskId }) => taskId === bad)).toMatchObject({
        status: 'running',
        runId,
      });
      rmSync(taskPath(bad), { recursive: true });
      await backend.stop(bad);
      await vi.waitFor(() => expect(findProcesses(bad)).toEqual([]));
      expect(await backend.inspect(bad)).toMatchObject({ status: 'exited' });
    });

    it('are not run again when nobody knows whether they did', async () => {
      const backend = connect();
      const taskId = await prepare(backend, shell('exec sleep 60'));
      writeFileSync(path.join(taskPath(taskId), 'run'), 'x');
      expect(await open().list()).toMatchObject([{ taskId, status: 'exited', exitCode: 137 }]);
    });

    it('do not keep the others from being listed, whatever else lies there', async () => {
      const [, good] = await runTwo();
      mkdirSync(path.join(stateDir, 'c', 'n', 'lost+found'));
      writeFileSync(path.join(stateDir, 'c', 'n', 'notes'), '');
      try {
        expect(await statusOf(open(), good)).toBe('running');
      } finally {
        rmSync(path.join(stateDir, 'c', 'n', 'lost+found'), { recursive: true });
        rmSync(path.join(stateDir, 'c', 'n', 'notes'));
      }
    });
  });

  it('get their arguments as they are, and are no builtins of a shell', async () => {
    const script = 'for argument; do echo "[$argument]"; done; echo "end without newline\\c"';
    const { stdout } = await runToEnd({
      containerSpec: { command: ['sh', '-c', script, 'name'], args: ['a b', '', '$HOME', '"', '-e'] },
    });
    expect(stdout).toEqual(['[a b]', '[]', '[$HOME]', '["]', '[-e]', 'end without newline']);
    await expect(runToEnd({ containerSpec: { command: ['exit', '3'] } })).rejects.toThrow('"exit"');
  });

  it('are stopped with the signal they ask for', async () => {
    const backend = connect();
    const taskId = await prepare(
      backend,
      shell('trap "exit 9" USR1; echo ready; while :; do sleep 1 & wait $!; done', { stopSignal: 'SIGUSR1' }),
    );
    await backend.start(taskId);
    await awaitReady(backend, taskId);
    await backend.stop(taskId);
    expect(await backend.inspect(taskId)).toMatchObject({ status: 'exited', exitCode: 9 });
  });

  it('need a directory that exists', async () => {
    await expect(prepare(connect(), shell('true', { dir: '/no/such' }))).rejects.toThrow(
      'dir: no such directory: /no/such',
    );
  });

  it('cannot lead out of the state directory', async () => {
    for (const taskId of ['../n', '..', '', 'a/b']) {
      await expect(connect().remove(taskId)).rejects.toThrow('is no task id');
    }
  });
});

/** An agent in a process of its own, that has started these tasks. */
async function startAgent(options: object, orders: readonly object[]): Promise<ChildProcess> {
  const directory = makeDirectory();
  const outfile = path.join(directory, 'agent.mjs');
  await build({
    stdin: {
      contents: `
        import { ProcessBackend } from './process-backend.ts';
        const backend = new ProcessBackend(${JSON.stringify(options)});
        for (const order of ${JSON.stringify(orders)}) {
          await backend.prepare(order);
          await backend.start(order.identity.taskId);
        }
        console.log('started');
        setInterval(() => {}, 1000);`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Packages that are not modules ask for others.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    outfile,
  });
  const agent = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(agent.stdout!, 'data');
  rmSync(directory, { recursive: true });
  return agent;
}

function makeDirectory(): string {
  return mkdtempSync(path.join(tmpdir(), 'muster-process-'));
}

/** A task's wrapper has its directory among its arguments; what the wrapper runs is somewhere inside it. */
function findProcesses(taskId: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return `${readFileSync(`/proc/${pid}/cmdline`)} ${readlinkSync(`/proc/${pid}/cwd`)}`.includes(taskId);
    } catch {
      return false;
    }
  });
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').trim();
  } catch {
    return 'gone';
  }
}

function findFiles(stateDir: string, taskId: string): string[] {
  return readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes(taskId));
}
