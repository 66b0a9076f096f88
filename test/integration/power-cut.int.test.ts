// What must last is on the disk as soon as it is said to be: nothing of it is lost or cut short when the power fails.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileStorage, loadIdentity } from '@muster/agent';
import { createBackend, type TaskOrder } from '@muster/backends';
import { taskSpecSchema } from '@muster/model';
import { replaceFile, syncToDisk } from '@muster/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CuttableDisk, mountCuttableDisk, whyNoPowerCut } from '../harness/power-cut.ts';

const why = whyNoPowerCut();

describe.runIf(why === undefined)(`a power cut${why === undefined ? '' : ` (not tried: ${why})`}`, () => {
  let disk: CuttableDisk;
  const clean: (() => unknown)[] = [];

  beforeEach(() => {
    disk = mountCuttableDisk();
  });

  afterEach(async () => {
    for (const end of clean.splice(0).reverse()) await end();
    disk.remove();
  });

  const read = (dir: string, ...path: string[]) => readFileSync(join(dir, ...path), 'utf8');

  it('takes what nobody has brought to the disk', () => {
    writeFileSync(join(disk.dir, 'careless'), 'gone');
    expect(readdirSync(disk.cutPower())).not.toContain('careless');
  });

  it('leaves a file that was written, as a whole, with its mode', async () => {
    const content = 'x'.repeat(100_000);
    await replaceFile(join(disk.dir, 'order'), content, { mode: 0o600 });
    const found = disk.cutPower();
    expect(read(found, 'order')).toBe(content);
    expect(statSync(join(found, 'order')).mode & 0o777).toBe(0o600);
  });

  it('leaves the last that was written in the place of what was there', async () => {
    for (const content of ['first', 'second', 'third']) {
      await replaceFile(join(disk.dir, 'order'), content);
      expect(read(disk.cutPower(), 'order')).toBe(content);
    }
  });

  it('leaves what was there while another is being written', async () => {
    await replaceFile(join(disk.dir, 'order'), 'first');
    const writing = replaceFile(join(disk.dir, 'order'), 'second'.repeat(10_000));
    expect(read(disk.cutPower(), 'order')).toBe('first');
    await writing;
  });

  it('leaves what somebody else wrote, once it was brought to the disk', async () => {
    mkdirSync(join(disk.dir, 'task'));
    writeFileSync(join(disk.dir, 'task', 'exit'), '0\n');
    await syncToDisk(join(disk.dir, 'task', 'exit'));
    await syncToDisk(join(disk.dir, 'task'));
    expect(read(disk.cutPower(), 'task', 'exit')).toBe('0\n');
  });

  it('leaves a node its identity and what it has to report', async () => {
    const dir = join(disk.dir, 'node');
    const { nodeId } = await loadIdentity(dir);
    await createFileStorage(dir).save({ told: 7 });
    const found = join(disk.cutPower(), 'node');
    expect(await loadIdentity(found)).toMatchObject({ nodeId, isNew: false });
    expect(await createFileStorage(found).load()).toEqual({ told: 7 });
  });

  it.each([
    ['was started', ['/bin/sleep', '60'], 'running', 'run'],
    ['has ended', ['/bin/sh', '-c', 'exit 7'], 'exited', 'exit'],
    ['could not be started', ['no-such-program'], 'exited', 'exit'],
  ])('leaves of a task that %s its order, and that it is so', async (_, command, status, file) => {
    const backend = await createBackend('process', { clusterName: 'c', nodeId: 'n', stateDir: disk.dir });
    clean.push(async () => {
      await backend.remove('t1');
      await backend.close();
    });
    const told: string[] = [];
    await backend.watch({ onChange: (state) => told.push(state.status), onLost: () => undefined });
    await backend.prepare(orderOf(command));
    expect(JSON.parse(read(disk.cutPower(), 'c', 'n', 't1', 'order.json'))).toMatchObject({
      arguments: command,
    });
    const failed = await backend.start('t1').then(
      () => false,
      () => true,
    );
    if (!failed) await vi.waitUntil(() => told.includes(status), { timeout: 30_000, interval: 1 });
    const found = read(disk.cutPower(), 'c', 'n', 't1', file);
    expect(found).toBe(read(disk.dir, 'c', 'n', 't1', file));
    expect(found).not.toBe('');
  });
});

function orderOf(command: readonly string[]): TaskOrder {
  return {
    identity: {
      clusterName: 'c',
      nodeId: 'n',
      nodeHostname: 'n',
      serviceId: 's',
      serviceName: 's',
      serviceLabels: {},
      taskId: 't1',
      taskName: 's.1.t1',
      slot: 1,
    },
    spec: taskSpecSchema.parse({ containerSpec: { image: 'process', command } }),
    ports: [],
  };
}
