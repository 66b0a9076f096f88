// What is kept on disk: the node's id, its progress, and who has the directory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idPattern } from '@muster/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileStorage, PROGRESS_FILE } from './file-storage.ts';
import { holdDirectory } from './hold-directory.ts';
import { IDENTITY_FILE, loadIdentity } from './identity.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-agent-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('createFileStorage', () => {
  it('gives back what was saved last, also to the next agent', async () => {
    const storage = createFileStorage(join(directory, 'deeper'));
    expect(await storage.load()).toBeUndefined();
    await storage.save({ v: 1, tasks: ['a', 'b'] });
    await storage.save({ v: 1, tasks: ['c'] });
    expect(await createFileStorage(join(directory, 'deeper')).load()).toEqual({ v: 1, tasks: ['c'] });
    expect(await readdir(join(directory, 'deeper'))).toEqual([PROGRESS_FILE]);
  });

  it('keeps the last whole value when a save was cut short', async () => {
    const storage = createFileStorage(directory);
    await storage.save({ kept: true });
    await writeFile(join(directory, `${PROGRESS_FILE}.new`), '{"kept":fa');
    expect(await storage.load()).toEqual({ kept: true });
    await storage.save({ kept: 'still' });
    expect(await storage.load()).toEqual({ kept: 'still' });
  });

  it('says when what is there is no JSON', async () => {
    await writeFile(join(directory, PROGRESS_FILE), '{"v":1,');
    await expect(createFileStorage(directory).load()).rejects.toThrow(SyntaxError);
  });

  it('sets aside what it has, under a name', async () => {
    const storage = createFileStorage(directory);
    await storage.save({ v: 1 });
    await storage.setAside('of-theirs');
    expect(await storage.load()).toBeUndefined();
    expect(await readFile(join(directory, 'progress.of-theirs.json'), 'utf8')).toBe('{"v":1}');
  });
});

describe('loadIdentity', () => {
  it('draws an id once', async () => {
    const { nodeId, hostname } = await loadIdentity(join(directory, 'new'));
    expect(nodeId).toMatch(idPattern);
    expect(hostname).not.toBe('');
    expect((await loadIdentity(join(directory, 'new'))).nodeId).toBe(nodeId);
    expect((await loadIdentity(join(directory, 'other'))).nodeId).not.toBe(nodeId);
  });

  it('refuses what is no id, and leaves it as it is', async () => {
    await writeFile(join(directory, IDENTITY_FILE), 'node one\n');
    await expect(loadIdentity(directory)).rejects.toThrow('25 characters');
    expect(await readFile(join(directory, IDENTITY_FILE), 'utf8')).toBe('node one\n');
  });
});

describe('holdDirectory', () => {
  it('lets one agent in, and says who it is', async () => {
    const hold = await holdDirectory(directory);
    await expect(holdDirectory(directory)).rejects.toThrow(
      `another agent (process ${process.pid}) runs with the directory ${directory}`,
    );
    await hold.release();
    await hold.release();
    const next = await holdDirectory(directory);
    // What was let go of is not let go of once more.
    await hold.release();
    await expect(holdDirectory(directory)).rejects.toThrow('another agent');
    await next.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('lets one of many in', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => holdDirectory(directory)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('takes over from who was killed, whoever has its pid by now, and from what can not be read', async () => {
    const path = join(directory, 'agent.lock');
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    for (const stale of [
      JSON.stringify({ pid: child.pid, birth: 'boot 1' }),
      JSON.stringify({ pid: process.pid, birth: 'boot 1' }),
      '{"pid":',
      '',
    ]) {
      await writeFile(path, stale);
      await (await holdDirectory(directory)).release();
    }
  });
});
