// Runs schemas/main.ts, which is TypeScript, on a Node that may not understand it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = `${root}node_modules/.cache/muster/schemas.mjs`;

await build({
  absWorkingDir: root,
  entryPoints: ['deploy/schemas/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: ['@nats-io/*', 'pino', 'prom-client'],
  logLevel: 'warning',
});
const { main } = await import(outfile);
process.exitCode = main(root, process.argv.slice(2));
