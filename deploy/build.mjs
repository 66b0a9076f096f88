// Bundles the programs into dist/.
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleOptions } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = {
  muster: 'cli/main.ts',
  bench: 'test/bench/main.ts',
  conformance: 'test/conformance/main.ts',
  record: 'test/replay/record.ts',
};
const DAY_MS = 24 * 60 * 60 * 1000;

const { metafile } = await build({
  ...bundleOptions,
  entryPoints: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(root + file))),
  outdir: 'dist',
  metafile: true,
});

// Not at once: a program that still runs may load a chunk of an earlier build.
const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of await readdir(`${root}dist`)) {
  const path = `${root}dist/${name}`;
  if (!current.has(name) && (await stat(path)).mtimeMs < Date.now() - DAY_MS)
    await rm(path, { recursive: true });
}
