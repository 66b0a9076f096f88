// Files that must last. Whoever reads one sees what was there before, or the whole of what was written; also after a power
// cut, for which the folder must be on the disk as well.
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function replaceFile(
  path: string,
  content: string,
  { mode = 0o666 }: { readonly mode?: number } = {},
): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', mode);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncToDisk(dirname(path));
}

/** Brings a file that somebody else wrote, or the names in a folder, to the disk. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
