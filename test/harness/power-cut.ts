// A disk whose power can be cut: a file system of its own in a file, which holds what has reached the disk and nothing of what
// the machine still keeps in memory. A copy of that file is what is found after a power cut. Only root may mount it.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CuttableDisk {
  readonly dir: string;
  /** Where the disk is as it would be found if the power failed now. */
  cutPower(): string;
  remove(): void;
}

const MEGABYTES = 16;
/** Nothing gets to the disk by itself while a test runs, and no renaming is taken for a wish to keep what was written. */
const SETTINGS = 'loop,commit=600,noauto_da_alloc';

/** Why there can be none; undefined where there can. */
export function whyNoPowerCut(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may mount a disk';
  if (spawnSync('mkfs.ext4', ['-V']).status !== 0) return 'there is no mkfs.ext4';
  try {
    mountCuttableDisk().remove();
    return undefined;
  } catch {
    return 'nothing can be mounted here';
  }
}

export function mountCuttableDisk(): CuttableDisk {
  const root = mkdtempSync(join(tmpdir(), 'muster-power-'));
  const mounted: string[] = [];
  const image = join(root, 'image');
  writeFileSync(image, '');
  truncateSync(image, MEGABYTES * 1024 ** 2);

  function mount(from: string, name: string): string {
    const dir = join(root, name);
    mkdirSync(dir);
    execFileSync('mount', ['-o', SETTINGS, from, dir], { stdio: 'pipe' });
    mounted.push(dir);
    return dir;
  }

  function remove(): void {
    for (const dir of mounted) execFileSync('umount', [dir]);
    rmSync(root, { recursive: true });
  }

  try {
    execFileSync('mkfs.ext4', ['-q', '-F', image], { stdio: 'pipe' });
    const dir = mount(image, 'disk');
    return {
      dir,
      cutPower() {
        const name = `found${mounted.length}`;
        copyFileSync(image, join(root, `${name}.image`));
        return mount(join(root, `${name}.image`), name);
      },
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}
