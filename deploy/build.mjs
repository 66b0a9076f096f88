// Bundles the program into dist/: one file per program, and chunks that are only loaded when they are used, because a
// command that asks one question shouldn't wait for a Docker client.
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = {
  muster: 'cli/main.ts',
  bench: 'test/bench/main.ts',
  conformance: 'test/conformance/main.ts',
  record: 'test/replay/record.ts',
};
const DAY_MS = 24 * 60 * 60 * 1000;

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(Object.entries(programs).filter(([, file]) => existsSync(root + file))),
  outdir: 'dist',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  // Optional native modules of the ssh client, which does without them.
  external: ['cpu-features', '*.node'],
  // CommonJS packages inside expect these three.
  banner: {
    js: [
      "import { createRequire as createRequireHere } from 'node:module';",
      'const require = createRequireHere(import.meta.url);',
      'const __filename = import.meta.filename;',
      'const __dirname = import.meta.dirname;',
    ].join('\n'),
  },
  metafile: true,
  logLevel: 'warning',
});

// Not at once: a program that still runs may load a chunk of an earlier build.
const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of await readdir(`${root}dist`)) {
  const path = `${root}dist/${name}`;
  if (!current.has(name) && (await stat(path)).mtimeMs < Date.now() - DAY_MS)
    await rm(path, { recursive: true });
}
