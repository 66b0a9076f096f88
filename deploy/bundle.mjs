// How the program is bundled: one file per program, and chunks that are only loaded when they are used, because a command
// that asks one question shouldn't wait for a Docker client.
import { fileURLToPath } from 'node:url';

export const bundleOptions = /** @type {const} */ ({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  sourcemap: true,
  // They are read at each start of a program that shows its sources' lines, which are beside it here anyhow.
  sourcesContent: false,
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
  logLevel: 'warning',
});
