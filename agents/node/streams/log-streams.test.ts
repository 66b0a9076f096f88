// Output and exec over the bus, from both ends: the agent's, and the reader's.
import { encodeJson, execSubject, LOG_SILENCE_MS, LOG_WINDOW_PARTS, logSubject } from '@muster/events';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from '../agent.fixture.ts';
import { readLogs, runInTask } from './stream-client.ts';

const task = taskIdOf(1);
let rig: Rig;
beforeEach(() => {
  rig = createRig();
});

interface Reading {
  readonly lines: string[];
  readonly done: Promise<string>;
  isDone: boolean;
}

/** Reads in the background, and tells how it ended. */
function read(options: Partial<Parameters<typeof readLogs>[0]> = {}): Reading {
  const lines: string[] = [];
  const stream = readLogs({
    bus: rig.bus,
    clock: rig.clock,
    nodeId: NODE,
    taskId: task,
    follow: false,
    ...options,
  });
  const done = (async () => {
    for await (const { stream: from, line } of stream) lines.push(`${from}: ${line}`);
    return 'end';
  })().catch((error: Error) => error.message);
  const reading: Reading = { lines, done, isDone: false };
  void done.then(() => {
    reading.isDone = true;
  });
  return reading;
}

describe('logs', () => {
  it('are read to their end', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_PRINT=one\n2>two\nthree'] });
    await rig.clock.advance(1_000);
    const reading = read();
    await rig.clock.advance(1_000);
    await expect(reading.done).resolves.toBe('end');
    expect(reading.lines).toEqual(['stdout: one', 'stderr: two', 'stdout: three']);
  });

  it('are read from where it is asked', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_PRINT=one\ntwo\nthree'] });
    await rig.clock.advance(1_000);
    const reading = read({ tail: 1 });
    await rig.clock.advance(1_000);
    expect(reading.lines).toEqual(['stdout: three']);
    const later = read({ since: rig.clock.now() });
    await rig.clock.advance(1_000);
    expect(later.lines).toEqual([]);
    await expect(later.done).resolves.toBe('end');
  });

  it('are followed, however quiet, until the task ends', async () => {
    await rig.startReady();
    await rig.command(task, 'running', {
      env: ['SIM_PRINT=a\nb\nc', 'SIM_PRINT_EVERY=1m', 'SIM_EXIT_AFTER=5m'],
    });
    await rig.clock.advance(1_000);
    const reading = read({ follow: true });
    await rig.clock.advance(70_000);
    expect(reading.lines).toEqual(['stdout: a', 'stdout: b']);
    expect(reading.isDone).toBe(false);
    await rig.clock.advance(300_000);
    expect(reading.lines).toEqual(['stdout: a', 'stdout: b', 'stdout: c']);
    await expect(reading.done).resolves.toBe('end');
  });

  it('of a task that is not there say so', async () => {
    await rig.startReady();
    const reading = read({ taskId: taskIdOf(9) });
    await rig.clock.advance(1_000);
    await expect(reading.done).resolves.toMatch('No such task');
  });

  it('of a node that is not there end soon', async () => {
    const reading = read();
    await rig.clock.advance(6_000);
    await expect(reading.done).resolves.toBe(`node ${NODE} does not answer`);
    expect(rig.clock.pending).toBe(0);
  });

  it('of a node that goes away end too', async () => {
    const agent = await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_PRINT=a'] });
    await rig.clock.advance(1_000);
    const reading = read({ follow: true });
    await rig.clock.advance(60_000);
    expect(reading.isDone).toBe(false);
    agent.kill();
    await rig.clock.advance(30_000);
    await expect(reading.done).resolves.toBe(`node ${NODE} does not answer`);
  });

  it('end on the node when the reader leaves', async () => {
    await rig.startReady({ heartbeatMs: 3_600_000 });
    await rig.command(task, 'running', { env: ['SIM_PRINT=a\nb', 'SIM_PRINT_EVERY=1h'] });
    await rig.clock.advance(1_000);
    const before = rig.clock.pending;
    const leave = new AbortController();
    const reading = read({ follow: true, signal: leave.signal });
    await rig.clock.advance(1_000);
    leave.abort();
    await rig.clock.advance(100);
    await expect(reading.done).resolves.toBe('end');
    expect(rig.clock.pending).toBe(before);
  });

  it('end on the node when the reader dies', async () => {
    await rig.startReady({ heartbeatMs: 3_600_000 });
    await rig.command(task, 'running', { env: ['SIM_PRINT=a\nb', 'SIM_PRINT_EVERY=1h'] });
    await rig.clock.advance(1_000);
    const before = rig.clock.pending;
    const request = encodeJson({ op: 'read', taskId: task, follow: true });
    rig.bus.publish(logSubject(NODE), request, { reply: rig.bus.inbox() });
    await rig.clock.advance(LOG_SILENCE_MS - 1_000);
    expect(rig.clock.pending).toBeGreaterThan(before);
    await rig.clock.advance(2_000);
    expect(rig.clock.pending).toBe(before);
  });

  it('come no faster than they are taken', async () => {
    const count = 100_000;
    await rig.startReady();
    await rig.command(task, 'running', {
      env: [`SIM_PRINT=${Array.from({ length: count }, (_, index) => index).join('\n')}`],
    });
    await rig.clock.advance(1_000);
    let parts = 0;
    const inbox = rig.bus.inbox();
    rig.bus.subscribe(inbox, () => {
      parts += 1;
    });
    rig.bus.publish(logSubject(NODE), encodeJson({ op: 'read', taskId: task, follow: false }), {
      reply: inbox,
    });
    await rig.clock.advance(1_000);
    expect(parts).toBe(LOG_WINDOW_PARTS);
    const reading = read();
    await rig.clock.advance(10_000);
    expect(reading.lines).toHaveLength(count);
    expect(reading.lines.at(-1)).toBe(`stdout: ${count - 1}`);
  });

  it('notice a part that was lost', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_PRINT=a\nb\nc', 'SIM_PRINT_EVERY=1s'] });
    await rig.clock.advance(100);
    const reading = read({ follow: true });
    await rig.clock.advance(1_500);
    rig.buses.disconnect('agent');
    await rig.clock.advance(1_000);
    rig.buses.reconnect('agent');
    await rig.clock.advance(10_000);
    await expect(reading.done).resolves.toMatch('lost on the way');
  });

  it('are whole, also where a line is longer than a message', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: [`SIM_PRINT=${'x'.repeat(150_000)}\nnext`] });
    await rig.clock.advance(1_000);
    const reading = read();
    await rig.clock.advance(1_000);
    expect(reading.lines.map((line) => line.length - 'stdout: '.length)).toEqual([150_000, 4]);
  });

  it('are never sent to a subject of the cluster', async () => {
    await rig.startReady();
    await rig.command(task, 'running', { env: ['SIM_PRINT=a'] });
    await rig.clock.advance(1_000);
    const heard: string[] = [];
    rig.bus.subscribe('muster.intent.>', ({ subject }) => heard.push(subject));
    const reply = 'muster.intent.ana.service.remove.web';
    rig.bus.publish(logSubject(NODE), encodeJson({ op: 'read', taskId: task, follow: false }), { reply });
    rig.bus.publish(execSubject(NODE), encodeJson({ taskId: task, command: ['echo'] }), { reply });
    rig.bus.publish(logSubject(NODE), new TextEncoder().encode('{"op":'), { reply });
    await rig.clock.advance(1_000);
    expect(heard).toEqual([]);
  });
});

describe('exec', () => {
  const run = (command: string[]) =>
    runInTask({ bus: rig.bus, nodeId: NODE, taskId: task, command, timeoutMs: 1_000 });

  it('answers with what came out', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const hello = run(['echo', 'hello', 'world']);
    const fails = run(['exit', '3']);
    await rig.clock.advance(100);
    expect(await hello).toEqual({
      ok: true,
      exitCode: 0,
      stdout: 'hello world\n',
      stderr: '',
      truncated: false,
    });
    expect(await fails).toMatchObject({ ok: true, exitCode: 3 });
  });

  it('cuts what is too large for an answer', async () => {
    await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    const answer = run(['echo', 'x'.repeat(200_000)]);
    await rig.clock.advance(100);
    expect(await answer).toMatchObject({ truncated: true, stdout: 'x'.repeat(65_536) });
  });

  it('says why not', async () => {
    await rig.startReady();
    const missing = run(['echo']);
    const empty = run([]);
    await rig.clock.advance(100);
    expect(await missing).toMatchObject({ ok: false, message: expect.stringMatching('not running') });
    expect(await empty).toMatchObject({ ok: false });
  });

  it('leaves room for others where commands hang in one container', async () => {
    const { createBackend } = await import('@muster/backends');
    const { clock, engine } = rig;
    const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
    const { exec } = backend;
    backend.exec = (taskId, command) =>
      taskId === task ? new Promise(() => undefined) : exec.call(backend, taskId, command);
    await rig.startReady({ backend });
    await rig.command(taskIdOf(2), 'running');
    await rig.clock.advance(1_000);
    const hanging = Array.from({ length: 20 }, () => run(['echo']));
    for (const one of hanging) one.catch(() => undefined);
    await rig.clock.advance(100);
    const options = { bus: rig.bus, nodeId: NODE, command: ['echo', 'hello'], timeoutMs: 1_000 };
    const other = runInTask({ ...options, taskId: taskIdOf(2) });
    await rig.clock.advance(100);
    expect(await other).toMatchObject({ ok: true, stdout: 'hello\n' });
    expect(await hanging[4]).toMatchObject({
      ok: false,
      message: `task ${task} runs 4 commands already: try again later`,
    });
    await rig.clock.advance(2_000);
  });

  it('throws when nobody is there', async () => {
    await expect(run(['echo'])).rejects.toMatchObject({ reason: 'nobody listens' });
  });
});
