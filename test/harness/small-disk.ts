// A disk of a few megabytes that can be filled: a file system of its own in memory, which only root may mount.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly dir: string;
  /** To the last byte. */
  fill(): void;
  /** As it was. */
  clear(): void;
  remove(): void;
}

/** Why there can be none; undefined where there can. */
export function whyNoDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount a disk';
  const dir = mkdtempSync(join(tmpdir(), 'muster-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]);
  if (status === 0) execFileSync('umount', ['--lazy', dir]);
  rmdirSync(dir);
  return status === 0 ? undefined : 'nothing can be mounted here';
}

export function mountDisk(megabytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'muster-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir]);
  const ballast = join(dir, 'ballast');
  return {
    dir,
    fill() {
      const file = openSync(ballast, 'w');
      try {
        for (;;) writeSync(file, new Uint8Array(4096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    clear: () => rmSync(ballast),
    remove() {
      execFileSync('umount', ['--lazy', dir]);
      rmdirSync(dir);
    },
  };
}
