// What every backend must do, whatever it runs tasks on. A rig brings the machine, and says how a task that runs
// on, ends or prints is written there. Each test leaves the machine as it found it.
import { deriveTaskId, nameTask, type TaskSpec, taskSpecSchema } from '@muster/model';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, type LogChunk, RejectedError, type RunState, type TaskOrder } from './backend.ts';

export type SpecInput = Parameters<typeof taskSpecSchema.parse>[0];

export interface Recipes {
  /** Prints "ready", runs until it is stopped, and then exits with 0. */
  readonly untilStopped: SpecInput;
  /** Prints "ready", and does not stop when asked; its grace period is a second. */
  readonly stubborn: SpecInput;
  /** Prints what it shall and exits with that code a moment later. */
  exits(exitCode: number): SpecInput;
  /** Prints these lines to stdout with a pause after each, "oops" to stderr at once, and runs on. */
  prints(lines: readonly string[]): SpecInput;
  /** Can never be prepared here, for this reason. */
  readonly impossible: { readonly spec: SpecInput; readonly reason: RegExp };
  /** Can be prepared, and fails to start for this reason. */
  readonly broken: { readonly spec: SpecInput; readonly reason: RegExp };
  /** A command that prints "hello" and succeeds, and one that exits with 3. */
  readonly exec: { readonly hello: readonly string[]; readonly exit3: readonly string[] };
}

export interface BackendRig {
  readonly recipes: Recipes;
  /** Another agent's connection to the same machine. */
  connect(nodeId: string): Promise<Backend>;
  /** Something on the machine that is none of the cluster's. */
  plantForeign(): Promise<{ isUntouched(): Promise<boolean>; clear(): Promise<void> }>;
  /** Somebody else starts an ended task again; left out where nobody could. */
  restart?(taskId: string): Promise<void>;
  /** What the machine still holds of a task, by whatever means it has to tell. */
  findTraces(taskId: string): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

const NODE = 'node-one';
const OTHER_NODE = 'node-two';
const KILLED = 137;

export function testBackend(name: string, makeRig: () => Promise<BackendRig>, timeoutMs = 5_000): void {
  describe(`backend contract: ${name}`, { timeout: timeoutMs }, () => {
    let rig: BackendRig;
    let orders = 0;
    const opened: Backend[] = [];

    beforeAll(async () => {
      rig = await makeRig();
    }, 60_000);
    afterAll(() => rig.dispose(), 60_000);
    afterEach(async () => {
      for (const backend of opened.splice(0)) await backend.close();
      for (const nodeId of [NODE, OTHER_NODE]) {
        const backend = await rig.connect(nodeId);
        await Promise.all((await backend.list()).map(({ taskId }) => backend.remove(taskId)));
        await backend.close();
      }
    }, 60_000);

    async function connect(nodeId = NODE): Promise<Backend> {
      const backend = await rig.connect(nodeId);
      opened.push(backend);
      return backend;
    }

    function order(spec: SpecInput, nodeId = NODE): TaskOrder {
      orders += 1;
      return makeOrder(spec, nodeId, orders);
    }

    async function startTask(backend: Backend, spec: SpecInput): Promise<string> {
      const wanted = order(spec);
      await backend.prepare(wanted);
      await backend.start(wanted.identity.taskId);
      const { untilStopped, stubborn } = rig.recipes;
      if (spec === untilStopped || spec === stubborn) await awaitReady(backend, wanted.identity.taskId);
      return wanted.identity.taskId;
    }

    it('describes its node', async () => {
      const description = await (await connect()).describe();
      expect(description.hostname).not.toBe('');
      expect(description.platform).toEqual({
        os: 'linux',
        architecture: expect.stringMatching(/^[a-z0-9]+$/),
      });
      expect(description.resources.nanoCpus).toBeGreaterThan(0);
      expect(description.resources.memoryBytes).toBeGreaterThan(0);
      expect(description.engine.backend).toBe(name);
      expect(description.engine.version).not.toBe('');
    });

    it('prepares a task once, however often it is told', async () => {
      const backend = await connect();
      const wanted = order(rig.recipes.untilStopped);
      const first = await backend.prepare(wanted);
      expect(first).toMatchObject({ taskId: wanted.identity.taskId, status: 'created' });
      expect(await backend.prepare(wanted)).toEqual(first);
      expect(await (await connect()).prepare(wanted)).toEqual(first);
      expect(await backend.list()).toEqual([first]);
    });

    it('rejects what it can never run, with the reason', async () => {
      const backend = await connect();
      const { spec, reason } = rig.recipes.impossible;
      const wanted = order(spec);
      const error = await backend.prepare(wanted).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(RejectedError);
      expect(error.message).toMatch(reason);
      expect(await rig.findTraces(wanted.identity.taskId)).toEqual([]);
    });

    it('starts a task, tells that it runs, and does nothing when told again', async () => {
      const backend = await connect();
      const changes = await record(backend);
      const wanted = order(rig.recipes.untilStopped);
      const { taskId } = wanted.identity;
      await backend.prepare(wanted);
      const started = await backend.start(taskId);
      expect(started).toMatchObject({ taskId, status: 'running' });
      const told = await changes.next((state) => state.taskId === taskId);
      expect(told).toMatchObject({ status: 'running', runId: started.runId });
      expect(told.startedAt).toBeGreaterThan(0);
      expect(await backend.start(taskId)).toMatchObject({ status: 'running', runId: started.runId });
      expect(await backend.prepare(wanted)).toMatchObject({ status: 'running', runId: started.runId });
      expect(changes.seen).toHaveLength(1);
    });

    it('fails a start with the reason, for good', async () => {
      const backend = await connect();
      const { spec, reason } = rig.recipes.broken;
      const wanted = order(spec);
      const { taskId } = wanted.identity;
      await backend.prepare(wanted);
      const error = await backend.start(taskId).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error.message).toMatch(reason);
      expect(error).not.toBeInstanceOf(RejectedError);
      const state = await backend.inspect(taskId);
      expect(state).toMatchObject({ status: 'exited', error: expect.stringMatching(reason) });
      expect(state?.exitCode).not.toBe(0);
      expect(await (await connect()).list()).toEqual([state]);
    });

    it.each([0, 7])('tells the exit code %i, and never runs an ended task again', async (exitCode) => {
      const backend = await connect();
      const changes = await record(backend);
      const taskId = await startTask(backend, rig.recipes.exits(exitCode));
      const ended = await changes.next((state) => state.taskId === taskId && state.status === 'exited');
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.finishedAt).toBeGreaterThan(0);
      expect(await backend.start(taskId)).toMatchObject({ status: 'exited', exitCode, runId: ended.runId });
      expect(await (await connect()).start(taskId)).toMatchObject({ status: 'exited', exitCode });
      expect(await backend.inspect(taskId)).toMatchObject({ status: 'exited', exitCode });
    });

    it('tells of a task that somebody else starts again, and stops it', async () => {
      const { restart } = rig;
      if (!restart) return;
      const backend = await connect();
      const changes = await record(backend);
      const taskId = await startTask(backend, rig.recipes.untilStopped);
      await backend.stop(taskId);
      const ended = await changes.next((state) => state.status === 'exited');
      await restart(taskId);
      const again = await changes.next(
        ({ status, startedAt = 0 }) => status === 'running' && startedAt > ended.finishedAt!,
      );
      expect(again).toMatchObject({ taskId, runId: ended.runId });
      expect(await backend.inspect(taskId)).toMatchObject({ status: 'running' });
      await backend.stop(taskId);
      expect(await backend.inspect(taskId)).toMatchObject({ status: 'exited' });
    });

    it('gives up what nobody wants any more, and leaves nothing behind', async () => {
      const backend = await connect();
      const wanted = order(rig.recipes.untilStopped);
      const { taskId } = wanted.identity;
      for (const call of ['prepare', 'start'] as const) {
        const cancel = new AbortController();
        const calling =
          call === 'prepare'
            ? backend.prepare(wanted, { signal: cancel.signal })
            : backend.prepare(wanted).then(() => backend.start(taskId, { signal: cancel.signal }));
        cancel.abort(new Error('not wanted'));
        const outcome = await calling.catch((error) => error.message);
        if (typeof outcome === 'string') expect(outcome).toBe('not wanted');
        await backend.stop(taskId);
        await backend.remove(taskId);
        // What was under way may come to an end by itself.
        while ((await rig.findTraces(taskId)).length > 0) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          await backend.remove(taskId);
        }
      }
      expect(await backend.list()).toEqual([]);
    });

    it('stops politely, and may be told to again', async () => {
      const backend = await connect();
      const changes = await record(backend);
      const taskId = await startTask(backend, rig.recipes.untilStopped);
      await backend.stop(taskId);
      expect(await backend.inspect(taskId)).toMatchObject({ status: 'exited', exitCode: 0 });
      await changes.next((state) => state.taskId === taskId && state.exitCode === 0);
      await backend.stop(taskId);
      await backend.stop('unheard-of');
    });

    it('stops by force after the grace period', async () => {
      const backend = await connect();
      const changes = await record(backend);
      const taskId = await startTask(backend, rig.recipes.stubborn);
      const { startedAt } = await changes.next((state) => state.status === 'running');
      await backend.stop(taskId);
      const ended = await changes.next((state) => state.status === 'exited');
      expect(ended).toMatchObject({ taskId, exitCode: KILLED });
      expect(ended.finishedAt! - startedAt!).toBeGreaterThanOrEqual(900);
    });

    it('removes every trace of a task, running, ended or never started', async () => {
      const backend = await connect();
      const changes = await record(backend);
      const running = await startTask(backend, rig.recipes.stubborn);
      const ended = await startTask(backend, rig.recipes.exits(1));
      const waiting = order(rig.recipes.untilStopped);
      await backend.prepare(waiting);
      await changes.next((state) => state.taskId === ended && state.status === 'exited');
      for (const taskId of [running, ended, waiting.identity.taskId]) {
        expect(await rig.findTraces(taskId)).not.toEqual([]);
        await backend.remove(taskId);
        expect(await rig.findTraces(taskId)).toEqual([]);
        expect(await backend.inspect(taskId)).toBeUndefined();
        await backend.remove(taskId);
      }
      expect(await backend.list()).toEqual([]);
      await expect(backend.start(running)).rejects.toThrow(/no such/i);
    });

    it('finds its tasks again after a restart of the agent', async () => {
      const before = await connect();
      const running = await startTask(before, rig.recipes.untilStopped);
      const ended = await startTask(before, rig.recipes.exits(3));
      const waiting = order(rig.recipes.untilStopped);
      await before.prepare(waiting);
      const changes = await record(before);
      if ((await before.inspect(ended))?.status !== 'exited') {
        await changes.next((state) => state.taskId === ended && state.status === 'exited');
      }
      const known = await before.inspect(running);
      await before.close();

      const after = await connect();
      const later = await record(after);
      const found = new Map((await after.list()).map((state) => [state.taskId, state]));
      expect([...found.keys()].sort()).toEqual([running, ended, waiting.identity.taskId].sort());
      expect(found.get(running)).toMatchObject({ status: 'running', runId: known?.runId });
      expect(found.get(ended)).toMatchObject({ status: 'exited', exitCode: 3 });
      expect(found.get(waiting.identity.taskId)).toMatchObject({ status: 'created' });
      const { clusterId } = waiting.identity;
      expect([...found.values()].map((state) => state.clusterId)).toEqual([clusterId, clusterId, clusterId]);

      expect(await after.start(waiting.identity.taskId)).toMatchObject({ status: 'running' });
      await after.stop(running);
      const told = await later.next((state) => state.taskId === running && state.status === 'exited');
      expect(told.exitCode).toBe(0);
    });

    it('tells nothing when nobody watches any more', async () => {
      const backend = await connect();
      const stopped = await record(backend);
      const watching = await record(backend);
      await stopped.stop();
      const taskId = await startTask(backend, rig.recipes.exits(0));
      await watching.next((state) => state.taskId === taskId && state.status === 'exited');
      expect(stopped.seen).toEqual([]);
    });

    it('neither lists nor touches what is not its own', async () => {
      const foreign = await rig.plantForeign();
      try {
        const backend = await connect();
        await startTask(backend, rig.recipes.untilStopped);
        for (const { taskId } of await backend.list()) await backend.remove(taskId);
        expect(await backend.list()).toEqual([]);
        expect(await foreign.isUntouched()).toBe(true);
      } finally {
        await foreign.clear();
      }
    });

    it('keeps two nodes on one machine apart', async () => {
      const [one, two] = [await connect(NODE), await connect(OTHER_NODE)];
      const changes = await record(two);
      const taskId = await startTask(one, rig.recipes.untilStopped);
      expect(await two.list()).toEqual([]);
      expect(await two.inspect(taskId)).toBeUndefined();
      await two.stop(taskId);
      await two.remove(taskId);
      expect(await one.inspect(taskId)).toMatchObject({ status: 'running' });
      // A change of its own comes after whatever it should not have been told.
      const own = order(rig.recipes.untilStopped, OTHER_NODE);
      await two.prepare(own);
      await two.start(own.identity.taskId);
      await changes.next((state) => state.taskId === own.identity.taskId);
      expect(changes.seen.map((state) => state.taskId)).toEqual([own.identity.taskId]);
    });

    it('reads the output of a task: all, its tail, and what comes', async () => {
      const backend = await connect();
      const taskId = await startTask(backend, rig.recipes.prints(['one', 'two', 'three']));
      const followed: LogChunk[] = [];
      const leave = new AbortController();
      for await (const chunk of backend.logs(taskId, { follow: true, signal: leave.signal })) {
        followed.push(chunk);
        if (chunk.line === 'three') leave.abort();
      }
      expect(linesOf(followed, 'stdout')).toEqual(['one', 'two', 'three']);
      expect(linesOf(followed, 'stderr')).toEqual(['oops']);
      expect(followed.every((chunk) => chunk.taskId === taskId && chunk.time > 0)).toBe(true);

      const all = await collect(backend.logs(taskId, { follow: false }));
      expect(linesOf(all, 'stdout')).toEqual(['one', 'two', 'three']);
      expect(linesOf(all, 'stderr')).toEqual(['oops']);
      const tail = await collect(backend.logs(taskId, { follow: false, tail: 2 }));
      expect(tail).toHaveLength(2);
      expect(tail.at(-1)?.line).toBe('three');
      const future = followed.at(-1)!.time + 3_600_000;
      expect(await collect(backend.logs(taskId, { follow: false, since: future }))).toEqual([]);
      await expect(collect(backend.logs('unheard-of', { follow: false }))).rejects.toThrow(/no such/i);
    });

    it('ends a follow of the output when the task ends, or the reader goes', async () => {
      const backend = await connect();
      const ending = await startTask(backend, rig.recipes.exits(0));
      await collect(backend.logs(ending, { follow: true }));
      const silent = await startTask(backend, rig.recipes.untilStopped);
      const leave = new AbortController();
      const reading = collect(backend.logs(silent, { follow: true, signal: leave.signal }), leave);
      expect(linesOf(await reading, 'stdout')).toEqual(['ready']);
    });

    it('runs a command beside a task', async () => {
      const backend = await connect();
      const taskId = await startTask(backend, rig.recipes.untilStopped);
      const { hello, exit3 } = rig.recipes.exec;
      expect(await backend.exec(taskId, hello)).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
      expect(await backend.exec(taskId, exit3)).toMatchObject({ exitCode: 3 });
      const late = new Error('nobody waits any more');
      await expect(backend.exec(taskId, hello, { signal: AbortSignal.abort(late) })).rejects.toBe(late);
      await backend.stop(taskId);
      await expect(backend.exec(taskId, hello)).rejects.toThrow(/not running/i);
    });

    it('knows nothing of a task that it never had', async () => {
      const backend = await connect();
      expect(await backend.inspect('unheard-of')).toBeUndefined();
      await backend.remove('unheard-of');
      await expect(backend.start('unheard-of')).rejects.toThrow(/no such/i);
      expect(await backend.children()).toEqual([]);
    });

    it('starts sixteen tasks at once', { timeout: timeoutMs * 4 }, async () => {
      const backend = await connect();
      const changes = await record(backend);
      const taskIds = await Promise.all(
        Array.from({ length: 16 }, () => startTask(backend, rig.recipes.untilStopped)),
      );
      for (const taskId of taskIds) {
        await changes.next((state) => state.taskId === taskId && state.status === 'running');
      }
      expect((await backend.list()).map((state) => state.taskId).sort()).toEqual([...taskIds].sort());
      await Promise.all(taskIds.map((taskId) => backend.stop(taskId)));
      expect((await backend.list()).map((state) => state.exitCode)).toEqual(Array(16).fill(0));
    });
  });
}

export function makeOrder(spec: SpecInput, nodeId: string, slot: number): TaskOrder {
  const serviceId = 'contractservice0000000000';
  const taskId = deriveTaskId(serviceId, slot, 1);
  return {
    identity: {
      clusterId: 'contractcluster0000000000',
      clusterName: 'contract',
      nodeId,
      nodeHostname: nodeId,
      serviceId,
      serviceName: 'contract',
      serviceLabels: {},
      taskId,
      taskName: nameTask('contract', slot, taskId),
      slot,
    },
    spec: taskSpecSchema.parse(spec) satisfies TaskSpec,
    ports: [],
  };
}

/** A program that was just started does not know yet how to stop. */
async function awaitReady(backend: Backend, taskId: string): Promise<void> {
  for await (const { line } of backend.logs(taskId, { follow: true })) if (line === 'ready') return;
  throw new Error(`task ${taskId} ended before it was ready`);
}

interface Recording {
  readonly seen: readonly RunState[];
  /** The first change that matches, of those seen and those to come. */
  next(matches: (state: RunState) => boolean): Promise<RunState>;
  stop(): Promise<void>;
}

async function record(backend: Backend): Promise<Recording> {
  const seen: RunState[] = [];
  let wake: () => void = () => {};
  const watching = await backend.watch({
    onChange: (state) => {
      seen.push(state);
      wake();
    },
    onLost: () => {},
  });
  return {
    seen,
    async next(matches) {
      for (;;) {
        const found = seen.find(matches);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop: () => watching.stop(),
  };
}

/** Every chunk; with `leave`, that is called while the reader waits for the second. */
async function collect(chunks: AsyncIterable<LogChunk>, leave?: AbortController): Promise<LogChunk[]> {
  const all: LogChunk[] = [];
  for await (const chunk of chunks) {
    all.push(chunk);
    setImmediate(() => leave?.abort());
  }
  return all;
}

function linesOf(chunks: readonly LogChunk[], stream: LogChunk['stream']): string[] {
  return chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.line);
}
